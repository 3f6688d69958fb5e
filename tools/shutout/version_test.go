package main

import (
	"runtime/debug"
	"testing"
)

func TestBuiltFrom(t *testing.T) {
	revision := debug.BuildSetting{Key: "vcs.revision", Value: "9813403aabbccddeeff00112233445566778899a"}
	changed := debug.BuildSetting{Key: "vcs.modified", Value: "true"}
	for _, c := range []struct {
		version  string
		settings []debug.BuildSetting
		want     string
	}{
		{"v1.2.3", nil, "v1.2.3"},
		{"v1.2.3", []debug.BuildSetting{revision}, "v1.2.3"},
		{"(devel)", nil, "unreleased"},
		{"", nil, "unreleased"},
		{"(devel)", []debug.BuildSetting{revision}, "commit 9813403aabbc"},
		{"v0.0.0-20261128112946-9813403aabbc", []debug.BuildSetting{revision}, "commit 9813403aabbc"},
		{"v1.2.4-0.20261128112946-9813403aabbc+dirty", []debug.BuildSetting{changed, revision}, "commit 9813403aabbc, changed"},
		{"v1.2.3+dirty", []debug.BuildSetting{revision, changed}, "commit 9813403aabbc, changed"},
	} {
		info := &debug.BuildInfo{Main: debug.Module{Version: c.version}, Settings: c.settings}
		if got := builtFrom(info); got != c.want {
			t.Errorf("%s %v: %s, want %s", c.version, c.settings, got, c.want)
		}
	}
}

package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"shutout/lab"
)

// version is what this program was built from: a release, or a commit.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	return builtFrom(info)
}

// builtFrom names the release or the commit. A build from a checkout has a
// version as well, which go makes of the commit's time: the commit says more.
func builtFrom(info *debug.BuildInfo) string {
	commit, changed := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision" && len(s.Value) >= 12:
			commit = "commit " + s.Value[:12]
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = ", changed"
		}
	}
	switch v := info.Main.Version; {
	case commit != "" && (v == "" || v == "(devel)" || strings.Contains(v, "+dirty") || pseudo(v, commit)):
		return commit + changed
	case v != "" && v != "(devel)":
		return v
	}
	return "unreleased"
}

// pseudo tells whether a version is that of a commit and not of a release.
func pseudo(version, commit string) bool {
	return strings.Contains(version, strings.TrimPrefix(commit, "commit "))
}

// tool is this program, as documents name it.
func tool() lab.Tool { return lab.Tool{Name: "shutout", Version: version(), Go: runtime.Version()} }

// versionLine is what somebody is told who asks for the version.
func versionLine() string {
	return fmt.Sprintf("shutout %s (%s %s/%s)", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Tell the version",
		Example: "  shutout version",
		Args:    noArguments,
		Run:     func(*cobra.Command, []string) { fmt.Fprintln(a.out, versionLine()) },
	}
}

require ["vacation", "vacation-seconds"{{if .Internal}}, "envelope"{{end}}];
{{if .Internal -}}
if envelope :domain "from" "{{.Domain}}" {
{{end -}}
vacation :seconds 0 :addresses ["{{.Address}}"] :subject "Out of office" "{{.Name}} is out of the office.";
{{if .Internal -}}
}
{{end -}}

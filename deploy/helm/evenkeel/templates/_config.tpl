{{- define "evenkeel.beside" -}}
{{- if eq .Values.mode "one-service-at-a-time" }}true{{ end -}}
{{- end -}}

{{/* beside kube-proxy its ports, its mark bit and its connection tracking limits are left to it */}}
{{- define "evenkeel.kubeProxyConfiguration" -}}
{{- $config := dict
  "apiVersion" "kubeproxy.config.k8s.io/v1alpha1"
  "kind" "KubeProxyConfiguration"
  "mode" "nftables"
  "clusterCIDR" .Values.clusterCIDR
-}}
{{- if include "evenkeel.beside" . -}}
{{- $_ := set $config "healthzBindAddress" "0.0.0.0:10356" -}}
{{- $_ := set $config "metricsBindAddress" "127.0.0.1:10349" -}}
{{- $_ := set $config "nftables" (dict "masqueradeBit" 12) -}}
{{- end -}}
{{- if or (include "evenkeel.beside" .) (not .Values.nodeSettings.enabled) -}}
{{- $_ := set $config "conntrack" (dict "maxPerCore" 0 "min" 0 "tcpEstablishedTimeout" "0s" "tcpCloseWaitTimeout" "0s") -}}
{{- end -}}
{{- if .Values.podMonitor.enabled -}}
{{- $_ := set $config "metricsBindAddress" (ternary "0.0.0.0:10349" "0.0.0.0:10249" (eq (include "evenkeel.beside" .) "true")) -}}
{{- end -}}
{{- toYaml (mustMergeOverwrite $config .Values.kubeProxyConfiguration) -}}
{{- end -}}

{{- define "evenkeel.evenkeelConfiguration" -}}
{{- $config := dict -}}
{{- if include "evenkeel.beside" . -}}
{{- $_ := set $config "serviceProxyName" .Values.serviceProxyName -}}
{{- end -}}
{{- $merged := mustMergeOverwrite $config .Values.evenkeelConfiguration -}}
{{- if $merged -}}
{{- toYaml (mustMergeOverwrite (dict "apiVersion" "evenkeel.io/v1alpha1" "kind" "EvenkeelConfiguration") $merged) -}}
{{- end -}}
{{- end -}}

{{- define "evenkeel.config" -}}
{{ include "evenkeel.kubeProxyConfiguration" . }}
{{- with include "evenkeel.evenkeelConfiguration" . }}
---
{{ . }}
{{- end }}
{{- end -}}

{{/* of a bind address: what stands behind the last colon */}}
{{- define "evenkeel.healthzPort" -}}
{{- $config := include "evenkeel.kubeProxyConfiguration" . | fromYaml -}}
{{- $config.healthzBindAddress | default "0.0.0.0:10256" | splitList ":" | last -}}
{{- end -}}
{{- define "evenkeel.metricsPort" -}}
{{- $config := include "evenkeel.kubeProxyConfiguration" . | fromYaml -}}
{{- $config.metricsBindAddress | default "127.0.0.1:10249" | splitList ":" | last -}}
{{- end -}}

{{- define "evenkeel.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{- define "evenkeel.labels" -}}
app.kubernetes.io/name: evenkeel
app.kubernetes.io/part-of: evenkeel
{{- end -}}

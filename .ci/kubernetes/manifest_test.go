// Package kubernetes holds what andon fleet manifest prints against the code of Kubernetes itself.
package kubernetes

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/warning"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/apis/batch"
	_ "k8s.io/kubernetes/pkg/apis/batch/install"
	"k8s.io/kubernetes/pkg/apis/core"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	corev1conversion "k8s.io/kubernetes/pkg/apis/core/v1"
	"k8s.io/kubernetes/pkg/apis/networking"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	"k8s.io/kubernetes/pkg/registry/batch/job"
	"k8s.io/kubernetes/pkg/registry/core/configmap"
	"k8s.io/kubernetes/pkg/registry/core/persistentvolumeclaim"
	"k8s.io/kubernetes/pkg/registry/core/pod"
	"k8s.io/kubernetes/pkg/registry/core/secret"
	"k8s.io/kubernetes/pkg/registry/core/service"
	"k8s.io/kubernetes/pkg/registry/networking/networkpolicy"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

var accepted = flag.Bool("accepted", false, "note which documents were accepted, for andon's own tests")

// documents is where andon's own tests have what they compare with.
const documents = "../../scenarios/fleet/kubernetes/testdata/"

// written are the documents that andon's own tests compare with, by their file.
func written(t *testing.T) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob(documents + "*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatal("there are no documents: ", err)
	}
	files := map[string][]byte{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(name)] = text
	}
	return files
}

// create does with documents what a server does that is told to be strict, up to where it would keep them: reads them,
// fills in defaults, and validates. The pods of jobs are validated too, and held against the standard "restricted".
func create(text []byte) (objects []runtime.Object, err error) {
	for reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text))); ; {
		doc, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, err
		}
		made, err := createOne(doc)
		if err != nil {
			return nil, err
		}
		objects = append(objects, made)
	}
}

// internal are the versions in which Kubernetes itself knows objects.
var internal = schema.GroupVersions{batch.SchemeGroupVersion, core.SchemeGroupVersion, networking.SchemeGroupVersion}

func createOne(doc []byte) (runtime.Object, error) {
	decoder := serializer.NewCodecFactory(legacyscheme.Scheme, serializer.EnableStrict).UniversalDecoder(internal...)
	o, kind, err := decoder.Decode(doc, nil, nil)
	if err != nil {
		return nil, err
	}
	var strategy rest.RESTCreateStrategy
	switch o := o.(type) {
	case *core.ConfigMap:
		strategy = configmap.Strategy
	case *core.PersistentVolumeClaim:
		strategy = persistentvolumeclaim.Strategy
	case *core.Secret:
		strategy = secret.Strategy
	case *core.Service:
		strategy = service.Strategy
	case *networking.NetworkPolicy:
		strategy = networkpolicy.Strategy
	case *batch.Job:
		strategy = job.Strategy
		of := &core.Pod{ObjectMeta: *o.Spec.Template.ObjectMeta.DeepCopy(), Spec: *o.Spec.Template.Spec.DeepCopy()}
		// The last pod is called so by the controller of jobs.
		of.Name = fmt.Sprintf("%.58sabcde", fmt.Sprintf("%s-%d-", o.Name, *o.Spec.Completions-1))
		if o.Spec.CompletionMode != nil && *o.Spec.CompletionMode == batch.IndexedCompletion {
			of.Spec.Hostname = fmt.Sprintf("%s-%d", o.Name, *o.Spec.Completions-1)
		}
		if err := createAs(pod.Strategy, of, corev1.SchemeGroupVersion.WithKind("Pod")); err != nil {
			return nil, fmt.Errorf("a pod of %s: %w", o.Name, err)
		}
		if err := restricted(of); err != nil {
			return nil, fmt.Errorf("a pod of %s: %w", o.Name, err)
		}
	default:
		return nil, fmt.Errorf("a %T is not expected", o)
	}
	return o, createAs(strategy, o, *kind)
}

// recorder keeps what Kubernetes warns of.
type recorder []string

func (r *recorder) AddWarning(_, text string) { *r = append(*r, text) }

func createAs(strategy rest.RESTCreateStrategy, o runtime.Object, kind schema.GroupVersionKind) error {
	meta := o.(metav1.Object)
	if meta.GetNamespace() == "" {
		meta.SetNamespace("default")
	}
	rest.FillObjectMetaSystemFields(meta)
	var warnings recorder
	ctx := genericapirequest.WithNamespace(context.Background(), meta.GetNamespace())
	ctx = genericapirequest.WithRequestInfo(ctx, &genericapirequest.RequestInfo{
		Verb: "create", APIGroup: kind.Group, APIVersion: kind.Version, Resource: strings.ToLower(kind.Kind) + "s",
	})
	ctx = warning.WithWarningRecorder(ctx, &warnings)
	if err := rest.BeforeCreate(strategy, ctx, o); err != nil {
		return err
	}
	if len(warnings) > 0 {
		return fmt.Errorf("%s is warned of: %q", meta.GetName(), warnings)
	}
	return nil
}

// restricted holds a pod against the strictest of the standards that namespaces can ask for.
func restricted(of *core.Pod) error {
	var spec corev1.PodSpec
	if err := corev1conversion.Convert_core_PodSpec_To_v1_PodSpec(&of.Spec, &spec, nil); err != nil {
		return err
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return err
	}
	found := policy.AggregateCheckResults(evaluator.EvaluatePod(api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}, &of.ObjectMeta, &spec))
	if !found.Allowed {
		return errors.New(found.ForbiddenDetail())
	}
	return nil
}

func TestAccepted(t *testing.T) {
	var sums []string
	for name, text := range written(t) {
		objects, err := create(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if want := map[bool]int{true: 1, false: 7}[name == "secret.yaml"]; len(objects) != want {
			t.Errorf("%s has %d documents, want %d", name, len(objects), want)
		}
		sums = append(sums, fmt.Sprintf("%x  %s\n", sha256.Sum256(text), name))
	}
	slices.Sort(sums)
	if *accepted && !t.Failed() {
		if err := os.WriteFile(documents+"accepted.txt", []byte(strings.Join(sums, "")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// The reader of YAML that kubectl has, which is older than the writer, reads words as they were meant.
func TestRead(t *testing.T) {
	var words struct {
		Args  []string
		Files map[string]string
	}
	text, err := os.ReadFile(documents + "odd.json")
	if err == nil {
		err = json.Unmarshal(text, &words)
	}
	if err != nil {
		t.Fatal(err)
	}
	objects, err := create(written(t)["odd.yaml"])
	if err != nil {
		t.Fatal(err)
	}
	files := objects[0].(*core.ConfigMap)
	hub := objects[5].(*batch.Job).Spec.Template.Spec
	if got := hub.Containers[0].Args; !slices.Equal(got, words.Args) {
		t.Errorf("the words are %q, want %q", got, words.Args)
	}
	items := hub.Volumes[1].ConfigMap.Items
	if len(items) != len(words.Files) {
		t.Errorf("there are %d files, want %d", len(items), len(words.Files))
	}
	for _, item := range items {
		got, isText := files.Data[item.Key]
		if !isText {
			got = string(files.BinaryData[item.Key])
		}
		if want := words.Files[item.Path]; got != want {
			t.Errorf("%s is %q, want %q", item.Path, got, want)
		}
	}
}

// Each of these makes documents that Kubernetes does not take, so that this check can see a fault.
func TestRefused(t *testing.T) {
	usual := string(written(t)["usual.yaml"])
	for name, c := range map[string]struct{ old, new, want string }{
		"an unknown field":     {"podReplacementPolicy:", "podReplacementPolicies:", `unknown field "spec.podReplacementPolicies"`},
		"a field twice":        {"  completionMode: Indexed\n", "  completionMode: Indexed\n  completionMode: Indexed\n", `"completionMode" already set`},
		"a long name":          {"name: andon-mixed-worker\n", "name: " + strings.Repeat("a", 62) + "\n", "must be no more than 63 characters"},
		"no index":             {"completionMode: Indexed", "completionMode: NonIndexed", "backoffLimitPerIndex"},
		"another pod":          {"restartPolicy: Never", "restartPolicy: Always", "restartPolicy"},
		"a replacement":        {"podReplacementPolicy: Failed", "podReplacementPolicy: Never", "podReplacementPolicy"},
		"a user":               {"runAsNonRoot: true", "runAsNonRoot: false", "runAsNonRoot != true"},
		"no profile":           {"type: RuntimeDefault", "type: Unconfined", "seccompProfile"},
		"a number as a text":   {"completions: 2", "completions: '2'", "completions"},
		"more than the limit":  {"          requests:\n            cpu: '2'", "          requests:\n            cpu: '3'", "must be less than or equal to cpu limit"},
		"an unknown volume":    {"- mountPath: /plan\n          name: plan", "- mountPath: /plan\n          name: plans", `"plans"`},
		"a file from above":    {"path: mixed.yaml", "path: ../mixed.yaml", "must not contain '..'"},
		"a name of a variable": {"- name: TMPDIR", "- name: TMP=DIR", "env"},
	} {
		text := strings.ReplaceAll(usual, c.old, c.new)
		if text == usual {
			t.Errorf("%s: the documents have no %q", name, c.old)
		}
		if _, err := create([]byte(text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

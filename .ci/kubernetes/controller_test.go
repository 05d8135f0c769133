package kubernetes

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	controller "k8s.io/kubernetes/pkg/controller/job"
)

// cluster is the controller of jobs of Kubernetes over objects in memory, on which no pod runs by itself.
type cluster struct {
	*fake.Clientset
	created, changed atomic.Int32
}

func newCluster(t *testing.T, job *batchv1.Job) *cluster {
	t.Helper()
	c := &cluster{Clientset: fake.NewClientset(job)}
	c.PrependReactor("create", "pods", func(a clienttesting.Action) (bool, runtime.Object, error) {
		pod := a.(clienttesting.CreateAction).GetObject().(*corev1.Pod)
		n := c.created.Add(1)
		pod.Name, pod.UID = fmt.Sprintf("%s%d", pod.GenerateName, n), types.UID(fmt.Sprint(n))
		return false, nil, nil
	})
	ctx, cancel := context.WithCancel(context.Background())
	watched := informers.NewSharedInformerFactory(c, 0)
	jobs, err := controller.NewController(ctx, c, watched.Core().V1().Pods(), watched.Batch().V1().Jobs(),
		watched.Scheduling().V1beta1().Workloads(), watched.Scheduling().V1beta1().PodGroups())
	if err != nil {
		t.Fatal(err)
	}
	watched.Start(ctx.Done())
	watched.WaitForCacheSync(ctx.Done())
	ended := make(chan struct{})
	go func() { defer close(ended); jobs.Run(ctx, 1) }()
	t.Cleanup(func() { cancel(); <-ended })
	return c
}

// pods are those that are there and not told to go, by their index.
func (c *cluster) pods(t *testing.T) map[string]*corev1.Pod {
	t.Helper()
	all, err := c.CoreV1().Pods("").List(context.Background(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]*corev1.Pod{}
	for _, p := range all.Items {
		if p.DeletionTimestamp == nil {
			found[p.Annotations[batchv1.JobCompletionIndexAnnotation]] = &p
		}
	}
	return found
}

func (c *cluster) become(t *testing.T, p *corev1.Pod, phase corev1.PodPhase) {
	t.Helper()
	p.Status.Phase = phase
	// The controller passes over what has no new version, which a server would give.
	p.ResourceVersion = fmt.Sprint(c.changed.Add(1))
	if _, err := c.CoreV1().Pods(p.Namespace).UpdateStatus(context.Background(), p, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// await waits until the job is as it should be.
func (c *cluster) await(t *testing.T, what string, is func(*batchv1.Job) bool) *batchv1.Job {
	t.Helper()
	var last *batchv1.Job
	for range 100 {
		jobs, err := c.BatchV1().Jobs("").List(context.Background(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if last = &jobs.Items[0]; is(last) {
			return last
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("%s was not seen; the job is %+v", what, last.Status)
	return nil
}

// workers is the job of four workers, as Kubernetes keeps it.
func workers(t *testing.T, old, new string) *batchv1.Job {
	t.Helper()
	text := strings.NewReplacer(old, new, "completions: 2", "completions: 4", "parallelism: 2", "parallelism: 4").Replace(string(written(t)["usual.yaml"]))
	objects, err := create([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	made, err := legacyscheme.Scheme.ConvertToVersion(objects[6], batchv1.SchemeGroupVersion)
	if err != nil {
		t.Fatal(err)
	}
	return made.(*batchv1.Job)
}

func conditions(j *batchv1.Job) (names []string) {
	for _, c := range j.Status.Conditions {
		names = append(names, string(c.Type)+" "+c.Reason)
	}
	slices.Sort(names)
	return names
}

// A worker that fails is named by its index and has no successor, and the others go on to their end.
func TestFailedIndex(t *testing.T) {
	c := newCluster(t, workers(t, "", ""))
	c.await(t, "four pods", func(*batchv1.Job) bool { return len(c.pods(t)) == 4 })
	pods := c.pods(t)
	for index, p := range pods {
		c.become(t, p, map[bool]corev1.PodPhase{true: corev1.PodFailed, false: corev1.PodRunning}[index == "1"])
	}
	j := c.await(t, "the failed index", func(j *batchv1.Job) bool { return j.Status.FailedIndexes != nil && *j.Status.FailedIndexes == "1" })
	if found := conditions(j); len(found) > 0 {
		t.Errorf("the job is ended: %q", found)
	}
	// Whatever else the controller would do, it does within a second or two.
	time.Sleep(3 * time.Second)
	if left := c.pods(t); len(left) != 4 || c.created.Load() != 4 {
		t.Errorf("%d pods are left of %d, want all of 4", len(left), c.created.Load())
	}
	for index, p := range c.pods(t) {
		if index != "1" {
			c.become(t, p, corev1.PodSucceeded)
		}
	}
	j = c.await(t, "the end of the job", func(j *batchv1.Job) bool { return slices.Contains(conditions(j), "Failed FailedIndexes") })
	if j.Status.CompletedIndexes != "0,2,3" && j.Status.CompletedIndexes != "0,2-3" || *j.Status.FailedIndexes != "1" {
		t.Errorf("completed %s, failed %s", j.Status.CompletedIndexes, *j.Status.FailedIndexes)
	}
}

// With a limit for all of them, the failed one takes the others along: the test above sees a difference.
func TestFailedIndexWithOneLimit(t *testing.T) {
	c := newCluster(t, workers(t, "backoffLimitPerIndex: 0", "backoffLimit: 0"))
	c.await(t, "four pods", func(*batchv1.Job) bool { return len(c.pods(t)) == 4 })
	for index, p := range c.pods(t) {
		c.become(t, p, map[bool]corev1.PodPhase{true: corev1.PodFailed, false: corev1.PodRunning}[index == "1"])
	}
	c.await(t, "the end of the healthy pods", func(*batchv1.Job) bool {
		left := c.pods(t)
		return left["0"] == nil && left["2"] == nil && left["3"] == nil
	})
}

package kubernetes

import (
	"fmt"
	"math"
	"net/url"
	"strconv"
	"time"
)

// nobody is a user that no image has by another name.
const nobody = 65532

const (
	// starting is how long images are fetched, nodes come, and workers are waited for.
	starting = 20 * time.Minute
	// bringing is how long results are brought together.
	bringing = 30 * time.Minute
	// leaving is how long a pod that is told to stop may take to bring home what it has.
	leaving = time.Minute
	// kept is how long the logs of a run can be read.
	kept = 24 * time.Hour
)

// hub is the job of the pod in which the coordinator is. It is not tried again: another one would be another run.
func (m Manifest) hub() object {
	container := m.container("hub", m.Hub, list{secretEntry(m.Name, HubKey)}, 2, m.hubMemory(), "")
	container["ports"] = list{object{"containerPort": Port, "name": "hub", "protocol": "TCP"}}
	container["volumeMounts"] = append(container["volumeMounts"].(list), object{"name": "plan", "mountPath": Plan, "readOnly": true})
	spec := m.pod(container,
		object{"name": "disk", "persistentVolumeClaim": object{"claimName": m.Name + "-run"}},
		object{"name": "plan", "configMap": object{"name": m.Name + "-plan", "items": m.planItems()}})
	return m.document("batch/v1", "Job", "hub", m.job("hub", spec, object{"backoffLimit": 0, "completions": 1, "parallelism": 1}))
}

// disk is where the hub keeps what it is told, and the run in the end.
func (m Manifest) disk() object {
	return m.document("v1", "PersistentVolumeClaim", "run", object{
		"accessModes": list{"ReadWriteOnce"},
		"resources":   object{"requests": object{"storage": m.hubDisk()}},
	})
}

// workers is the job of the workers. An index that fails is not tried again, since its calls were due meanwhile, and
// the others go on: with a limit for all of them in the place of one for each, Kubernetes would end them too. No second
// pod of an index is begun while the first may still send.
func (m Manifest) workers() object {
	disk := mebibytes(m.shardBytes() + spare)
	container := m.container("worker", m.Worker, list{secretEntry(m.Name, Join)}, m.Cores, m.Memory, disk)
	if m.Environment != "" {
		container["envFrom"] = list{object{"secretRef": object{"name": m.Environment}}}
	}
	spec := m.pod(container, object{"name": "disk", "emptyDir": object{"sizeLimit": disk}})
	spec["topologySpreadConstraints"] = list{object{
		"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": m.pods("worker"),
	}}
	return m.document("batch/v1", "Job", "worker", m.job("worker", spec, object{
		"completionMode": "Indexed", "completions": m.Workers, "parallelism": m.Workers, "backoffLimitPerIndex": 0,
	}))
}

// job is what the two jobs have in common, and more. A pod is not moved for the sake of the cluster.
func (m Manifest) job(part string, pod, more object) object {
	more["podReplacementPolicy"] = "Failed"
	more["activeDeadlineSeconds"] = seconds(starting + m.Lasts + bringing)
	more["ttlSecondsAfterFinished"] = seconds(kept)
	more["template"] = object{
		"metadata": object{"labels": m.labels(part), "annotations": object{
			"cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
			"karpenter.sh/do-not-disrupt":                    "true",
		}},
		"spec": pod,
	}
	return more
}

func (m Manifest) pod(container object, volumes ...any) object {
	return object{
		"restartPolicy":                 "Never",
		"automountServiceAccountToken":  false,
		"enableServiceLinks":            false,
		"terminationGracePeriodSeconds": seconds(leaving),
		"securityContext": object{
			"runAsNonRoot": true, "runAsUser": nobody, "runAsGroup": nobody, "fsGroup": nobody, "fsGroupChangePolicy": "OnRootMismatch",
			"seccompProfile": object{"type": "RuntimeDefault"},
		},
		"containers": list{container},
		"volumes":    list(volumes),
	}
}

// container has all that it may use for itself: whoever uses more cores than it asked for, or than it may, is held up
// by others or stopped for a part of each tenth of a second, and calls leave late.
func (m Manifest) container(name string, args []string, env list, cores int, memory, disk string) object {
	has := object{"cpu": strconv.Itoa(cores), "memory": memory}
	if disk != "" {
		has["ephemeral-storage"] = disk
	}
	return object{
		"name": name, "image": m.Image, "args": args,
		"env":       append(env, object{"name": "TMPDIR", "value": Disk}),
		"resources": object{"requests": has, "limits": has},
		"securityContext": object{
			"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": object{"drop": list{"ALL"}},
		},
		"volumeMounts": list{object{"name": "disk", "mountPath": Disk}},
	}
}

func secretEntry(name, variable string) object {
	return object{"name": variable, "valueFrom": object{"secretKeyRef": object{"name": name + "-join", "key": variable}}}
}

func seconds(d time.Duration) int64 { return int64(math.Ceil(d.Seconds())) }

const (
	// callBytes is what a call takes in a run directory, and secondBytes what each second of a run takes besides, both
	// with room to spare: see scenarios/fleet/README.md.
	callBytes   = 128
	secondBytes = 4 << 10
	// spare is what a disk has more, whatever the run.
	spare = 256 << 20
)

// shardBytes is what a worker's run directory takes. Whatever lasts longer than an hour has no more stretches.
func (m Manifest) shardBytes() uint64 {
	return (m.Calls/uint64(m.Workers)+1)*callBytes + uint64(min(m.Lasts, time.Hour).Seconds())*secondBytes + 1<<20
}

// idBytes is what a call takes while it is looked for executionIds that came twice.
const idBytes = 40

// hubMemory is what the hub has for itself, for the sums that it keeps of each worker, and for the report in the end.
func (m Manifest) hubMemory() string {
	return mebibytes(1<<30 + uint64(m.Workers)*2<<20 + m.Calls*idBytes)
}

// hubDisk holds what the hub was sent, the run directories that it makes of it, and what is made of all of them.
func (m Manifest) hubDisk() string { return mebibytes(3*uint64(m.Workers)*m.shardBytes() + spare) }

func mebibytes(n uint64) string { return fmt.Sprintf("%dMi", (n+1<<20-1)>>20) }

// intPort is the port of a target that was checked.
func intPort(u *url.URL) int {
	n, _ := strconv.Atoi(portOf(u))
	return n
}

package wiretest

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"strings"
)

// The types and flags of frames (RFC 9113, section 6).
const (
	frameData, frameHeaders, framePriority, frameReset, frameSettings, framePush, framePing, frameGoAway, frameWindow, frameContinuation = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9

	endStream, endHeaders = 1, 4
)

func frame(kind, flags byte, stream uint32, payload string) string {
	head := make([]byte, 9)
	binary.BigEndian.PutUint32(head, uint32(len(payload))<<8)
	head[3], head[4] = kind, flags
	binary.BigEndian.PutUint32(head[5:], stream)
	return string(head) + payload
}

// served is ":status: 200" as a header block (RFC 7541, appendix A), and the type of the body.
const served = "\x88\x5f\x10application/json"

// serveHTTP2 reads the frames of a client, and answers the first request as h does.
func serveHTTP2(c net.Conn, in *bufio.Reader, h Hostile, next func() int) {
	preface := make([]byte, len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
	if _, err := io.ReadFull(in, preface); err != nil || !say(c, frame(frameSettings, 0, 0, ""), frame(frameSettings, 1, 0, "")) {
		return
	}
	for {
		head := make([]byte, 9)
		if _, err := io.ReadFull(in, head); err != nil {
			return
		}
		length := int64(head[0])<<16 | int64(head[1])<<8 | int64(head[2])
		if _, err := io.CopyN(io.Discard, in, length); err != nil {
			return
		}
		if head[3] == frameHeaders {
			// What the client answers to a flood is read, or not, as the kernel has room for it.
			if !h.answer(c, next()) {
				return
			}
		}
	}
}

// floods are spoken in HTTP/2, after the first request, which is stream 1.
func floods() []Hostile {
	flood := func(name string, frames ...string) Hostile {
		return Hostile{Name: "h2: " + name, HTTP2: true, answer: func(c net.Conn, _ int) bool { return endless(c, strings.Join(frames, "")) }}
	}
	after := func(name, first string, frames ...string) Hostile {
		return Hostile{Name: "h2: " + name, HTTP2: true, answer: func(c net.Conn, _ int) bool { return say(c, first) && endless(c, strings.Join(frames, "")) }}
	}
	once := func(name, frames string) Hostile {
		return Hostile{Name: "h2: " + name, HTTP2: true, answer: func(c net.Conn, _ int) bool { return say(c, frames) && wait(c) }}
	}
	window := func(n uint32) string { return string(binary.BigEndian.AppendUint32(nil, n)) }
	return []Hostile{
		flood("SETTINGS for ever", frame(frameSettings, 0, 0, "\x00\x03\x00\x00\x00\x64")),
		flood("PING for ever", frame(framePing, 0, 0, "12345678")),
		flood("RST_STREAM for ever", frame(frameReset, 0, 1, window(2))),
		flood("PRIORITY for ever", frame(framePriority, 0, 3, "\x00\x00\x00\x00\x10")),
		flood("WINDOW_UPDATE for ever", frame(frameWindow, 0, 0, window(1))),
		flood("empty DATA for ever", frame(frameData, 0, 1, "")),
		flood("frames of no known type for ever", frame(0xee, 0, 1, strings.Repeat("x", 16000))),
		after("CONTINUATION for ever", frame(frameHeaders, 0, 1, served), frame(frameContinuation, 0, 1, "\x00\x03x-a\x7f\x81\x7d"+strings.Repeat("a", 16000))),
		after("empty CONTINUATION for ever", frame(frameHeaders, 0, 1, served), frame(frameContinuation, 0, 1, "")),
		after("an endless body", frame(frameHeaders, endHeaders, 1, served), frame(frameData, 0, 1, strings.Repeat(" ", 16000))),
		after("endless trailers", frame(frameHeaders, endHeaders, 1, served), frame(frameHeaders, endHeaders, 1, "\x00\x03x-a\x01b")),
		after("1xx for ever", frame(frameHeaders, endHeaders, 1, "\x48\x03103"), frame(frameHeaders, endHeaders, 1, "\x48\x03103")),
		once("a header of 32 kB, named 400 times", frame(frameHeaders, 0, 1, served+"\x40\x01x\x7f\x81\x1e"+strings.Repeat("a", 4000))+frame(frameContinuation, endHeaders, 1, strings.Repeat("\xbe", 16000))),
		once("a window beyond all numbers", frame(frameWindow, 0, 1, window(1<<31-1))+frame(frameWindow, 0, 1, window(1<<31-1))),
		once("a frame of 16 MB promised", "\xff\xff\xff\x00\x00\x00\x00\x00\x01"),
		once("a promised push", frame(framePush, endHeaders, 1, "\x00\x00\x00\x02"+served)),
		once("GOAWAY", frame(frameGoAway, 0, 0, window(0)+window(11)+strings.Repeat("enough ", 2000))),
		once("a head and nothing", frame(frameHeaders, endHeaders, 1, served)),
		once("no window for the request", frame(frameSettings, 0, 0, "\x00\x04\x00\x00\x00\x00")),
		once("DATA before a head", frame(frameData, endStream, 1, document(1, ""))),
		once("HTTP/1.1", whole(document(1, ""))),
	}
}

package bulk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// Stow takes maps and sets out of a value that goes to the framework. What it
// cannot read is left as it is: the framework says what is wrong with it.
func (h *Hold) Stow(v *tfprotov6.DynamicValue) *tfprotov6.DynamicValue {
	if h == nil || v == nil || len(v.MsgPack) == 0 {
		return v
	}
	out, err := rewrite(v.MsgPack, h.layout, h.stow)
	if err != nil {
		return v
	}
	return &tfprotov6.DynamicValue{MsgPack: out}
}

// stow gives the ticket for one attribute, or the attribute itself where it has
// no elements.
func (h *Hold) stow(raw []byte) ([]byte, error) {
	switch {
	case isMap(raw):
		elements, asWritten, err := decodeMap(raw)
		if err != nil || len(elements) == 0 {
			return raw, err
		}
		var ticket string
		if asWritten {
			ticket = h.put(raw, func() attr.Value { return types.MapValueMust(types.StringType, elements) })
		} else if ticket, err = h.putMap(elements); err != nil {
			return nil, err
		}
		return encodeMap(map[string]attr.Value{ticket: types.StringValue("")})
	case isArray(raw):
		elements, err := decodeSet(raw)
		if err != nil || len(elements) == 0 {
			return raw, err
		}
		ticket, err := h.putSet(elements)
		if err != nil {
			return nil, err
		}
		return encodeSet([]attr.Value{types.StringValue(ticket)})
	default:
		return raw, nil // null, or not known
	}
}

// StowState is Stow for a state as it is stored.
func (h *Hold) StowState(state *tfprotov6.RawState) *tfprotov6.RawState {
	if h == nil || state == nil || len(state.JSON) == 0 {
		return state
	}
	stowed, err := h.stowJSON(state.JSON, h.layout)
	if err != nil {
		return state
	}
	return &tfprotov6.RawState{JSON: stowed}
}

func (h *Hold) stowJSON(object json.RawMessage, l *Layout) (json.RawMessage, error) {
	var attributes map[string]json.RawMessage
	if err := json.Unmarshal(object, &attributes); err != nil || attributes == nil {
		return object, err
	}
	for name, raw := range attributes {
		var err error
		if l.carried[name] {
			attributes[name], err = h.stowTexts(raw)
		} else if nested := l.nested[name]; nested != nil {
			attributes[name], err = h.stowJSON(raw, nested)
		}
		if err != nil {
			return nil, err
		}
	}
	return json.Marshal(attributes)
}

// stowTexts is stow for JSON.
func (h *Hold) stowTexts(raw json.RawMessage) (json.RawMessage, error) {
	var entries map[string]*string
	if json.Unmarshal(raw, &entries) == nil && len(entries) > 0 {
		elements := make(map[string]attr.Value, len(entries))
		for id, text := range entries {
			elements[id] = types.StringPointerValue(text)
		}
		ticket, err := h.putMap(elements)
		if err != nil {
			return nil, err
		}
		return json.Marshal(map[string]string{ticket: ""})
	}
	var texts []*string
	if json.Unmarshal(raw, &texts) == nil && len(texts) > 0 {
		elements := make([]attr.Value, 0, len(texts))
		for _, text := range texts {
			elements = append(elements, types.StringPointerValue(text))
		}
		ticket, err := h.putSet(elements)
		if err != nil {
			return nil, err
		}
		return json.Marshal([]string{ticket})
	}
	return raw, nil
}

// Unload puts maps and sets back into a value that comes from the framework.
func (h *Hold) Unload(v *tfprotov6.DynamicValue) (*tfprotov6.DynamicValue, error) {
	if h == nil || v == nil || len(v.MsgPack) == 0 {
		return v, nil
	}
	out, err := rewrite(v.MsgPack, h.layout, func(raw []byte) ([]byte, error) {
		if c, ok := h.get(onlyEntry(raw)); ok {
			return c.encoded, nil
		}
		return raw, nil
	})
	if err != nil {
		return nil, fmt.Errorf("put maps and sets back into the answer: %w", err)
	}
	return &tfprotov6.DynamicValue{MsgPack: out}, nil
}

var errTrailing = errors.New("there is more than one value")

// rewrite copies an object and replaces the attributes that are carried. What is
// no object is copied as it is.
func rewrite(object []byte, l *Layout, replace func(raw []byte) ([]byte, error)) ([]byte, error) {
	if !isMap(object) {
		return object, nil
	}
	r := bytes.NewReader(object)
	dec := msgpack.NewDecoder(r)
	n, err := dec.DecodeMapLen()
	if err != nil {
		return nil, err
	}
	done := 0
	read := func() []byte { // what has been decoded since the last time
		from := done
		done = len(object) - r.Len()
		return object[from:done]
	}
	pieces := make([][]byte, 0, 2*min(n, len(object))+1) // joined at the end, in a slice of their length
	pieces = append(pieces, read())
	for range n {
		name, err := dec.DecodeString()
		if err != nil {
			return nil, err
		}
		pieces = append(pieces, read())
		if err := dec.Skip(); err != nil {
			return nil, err
		}
		raw := read()
		if l.carried[name] {
			raw, err = replace(raw)
		} else if nested := l.nested[name]; nested != nil {
			raw, err = rewrite(raw, nested, replace)
		}
		if err != nil {
			return nil, err
		}
		pieces = append(pieces, raw)
	}
	if r.Len() > 0 {
		return nil, errTrailing
	}
	return bytes.Join(pieces, nil), nil
}

func isMap(raw []byte) bool {
	return len(raw) > 0 && (msgpcode.IsFixedMap(raw[0]) || raw[0] == msgpcode.Map16 || raw[0] == msgpcode.Map32)
}

func isArray(raw []byte) bool {
	return len(raw) > 0 && (msgpcode.IsFixedArray(raw[0]) || raw[0] == msgpcode.Array16 || raw[0] == msgpcode.Array32)
}

// decodeMap reads a map of strings, and tells whether [encodeMap] would write it
// just so: as short as can be, in the order of its keys. Terraform does.
func decodeMap(raw []byte) (elements map[string]attr.Value, asWritten bool, err error) {
	dec := msgpack.NewDecoder(bytes.NewReader(raw))
	n, err := dec.DecodeMapLen()
	if err != nil {
		return nil, false, err
	}
	elements = make(map[string]attr.Value, min(n, len(raw)/2)) // an entry takes two bytes at least
	last, size, ordered := "", headerSize(n, 1<<4), true
	for i := range n {
		id, err := dec.DecodeString()
		if err != nil {
			return nil, false, err
		}
		text, err := decodeText(dec)
		if err != nil {
			return nil, false, err
		}
		elements[id] = text
		ordered = ordered && (i == 0 || last < id) && !text.IsUnknown()
		last, size = id, size+encodedSize(id)
		if text.IsNull() {
			size++
		} else {
			size += encodedSize(text.ValueString())
		}
	}
	return elements, ordered && size == len(raw), nil
}

// encodedSize is how many bytes a text takes where it is written as short as can be.
func encodedSize(text string) int {
	size := headerSize(len(text), 1<<5)
	if len(text) >= 1<<5 && len(text) < 1<<8 {
		size = 2
	}
	return size + len(text)
}

// headerSize is how many bytes a length takes, which fits into one below the bound.
func headerSize(length, one int) int {
	switch {
	case length < one:
		return 1
	case length < 1<<16:
		return 3
	default:
		return 5
	}
}

// decodeSet reads a set of strings, which is sent as an array.
func decodeSet(raw []byte) ([]attr.Value, error) {
	dec := msgpack.NewDecoder(bytes.NewReader(raw))
	n, err := dec.DecodeArrayLen()
	if err != nil {
		return nil, err
	}
	elements := make([]attr.Value, 0, min(n, len(raw))) // an element takes a byte at least
	for range n {
		text, err := decodeText(dec)
		if err != nil {
			return nil, err
		}
		elements = append(elements, text)
	}
	return elements, nil
}

func decodeText(dec *msgpack.Decoder) (types.String, error) {
	code, err := dec.PeekCode()
	switch {
	case err != nil:
		return types.String{}, err
	case msgpcode.IsExt(code): // as everywhere in Terraform, an extension is a value that is not known
		return types.StringUnknown(), dec.Skip()
	case code == msgpcode.Nil:
		return types.StringNull(), dec.Skip()
	}
	text, err := dec.DecodeString()
	return types.StringValue(text), err
}

// onlyEntry gives the key of a map, or the element of a set, that has one entry;
// "" for anything else.
func onlyEntry(raw []byte) string {
	dec := msgpack.NewDecoder(bytes.NewReader(raw))
	length := dec.DecodeMapLen
	if isArray(raw) {
		length = dec.DecodeArrayLen
	} else if !isMap(raw) {
		return ""
	}
	if n, err := length(); err != nil || n != 1 {
		return ""
	}
	only, err := dec.DecodeString()
	if err != nil {
		return ""
	}
	return only
}

// encodeMap writes a map in the order of its keys, so that equal maps are written alike.
func encodeMap(elements map[string]attr.Value) ([]byte, error) {
	ids, size := make([]string, 0, len(elements)), overhead
	for id, text := range elements {
		ids = append(ids, id)
		size += len(id) + sizeOf(text) + overhead
	}
	slices.Sort(ids)
	out := bytes.NewBuffer(make([]byte, 0, size))
	enc := msgpack.NewEncoder(out)
	if err := enc.EncodeMapLen(len(elements)); err != nil {
		return nil, err
	}
	for _, id := range ids {
		if err := enc.EncodeString(id); err != nil {
			return nil, err
		}
		if err := encodeText(enc, elements[id]); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

// encodeSet writes the elements of a set in the order in which they are given.
func encodeSet(elements []attr.Value) ([]byte, error) {
	size := overhead
	for _, e := range elements {
		size += sizeOf(e) + overhead
	}
	out := bytes.NewBuffer(make([]byte, 0, size))
	enc := msgpack.NewEncoder(out)
	if err := enc.EncodeArrayLen(len(elements)); err != nil {
		return nil, err
	}
	for _, e := range elements {
		if err := encodeText(enc, e); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

// overhead is about how many bytes the length of a text takes, or those of two short ones.
const overhead = 4

// sizeOf is how long a text is.
func sizeOf(v attr.Value) int {
	text, _ := v.(types.String)
	return len(text.ValueString())
}

func encodeText(enc *msgpack.Encoder, v attr.Value) error {
	text, ok := v.(types.String)
	switch {
	case !ok:
		return fmt.Errorf("%T is no text", v)
	case text.IsUnknown():
		return enc.Encode(msgpack.RawMessage{msgpcode.FixExt1, 0, 0})
	case text.IsNull():
		return enc.EncodeNil()
	}
	return enc.EncodeString(text.ValueString())
}

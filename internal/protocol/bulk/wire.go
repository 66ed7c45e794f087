package bulk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// Stow takes the maps out of a value that goes to the framework. Whatever it
// cannot read is left as it is: the framework says what is wrong with it.
func (h *Hold) Stow(v *tfprotov6.DynamicValue) *tfprotov6.DynamicValue {
	if h == nil || v == nil || len(v.MsgPack) == 0 {
		return v
	}
	out, err := rewrite(v.MsgPack, func(name string, raw []byte) ([]byte, error) {
		if !slices.Contains(h.names, name) {
			return raw, nil
		}
		elements, err := decodeMap(raw)
		if err != nil || len(elements) == 0 {
			return raw, err
		}
		ticket, err := h.put(elements)
		if err != nil {
			return nil, err
		}
		return encodeMap(map[string]attr.Value{ticket: types.StringValue("")})
	})
	if err != nil {
		return v
	}
	return &tfprotov6.DynamicValue{MsgPack: out}
}

// StowState is Stow for a state as it is stored.
func (h *Hold) StowState(state *tfprotov6.RawState) *tfprotov6.RawState {
	if h == nil || state == nil || len(state.JSON) == 0 {
		return state
	}
	var attributes map[string]json.RawMessage
	if json.Unmarshal(state.JSON, &attributes) != nil {
		return state
	}
	for _, name := range h.names {
		var texts map[string]*string
		if json.Unmarshal(attributes[name], &texts) != nil || len(texts) == 0 {
			continue
		}
		elements := make(map[string]attr.Value, len(texts))
		for id, text := range texts {
			elements[id] = types.StringPointerValue(text)
		}
		ticket, err := h.put(elements)
		if err != nil {
			return state
		}
		if attributes[name], err = json.Marshal(map[string]string{ticket: ""}); err != nil {
			return state
		}
	}
	stowed, err := json.Marshal(attributes)
	if err != nil {
		return state
	}
	return &tfprotov6.RawState{JSON: stowed}
}

// Unload puts the maps back into a value that comes from the framework.
func (h *Hold) Unload(v *tfprotov6.DynamicValue) (*tfprotov6.DynamicValue, error) {
	if h == nil || v == nil || len(v.MsgPack) == 0 {
		return v, nil
	}
	out, err := rewrite(v.MsgPack, func(name string, raw []byte) ([]byte, error) {
		if !slices.Contains(h.names, name) {
			return raw, nil
		}
		if c, ok := h.get(onlyKey(raw)); ok {
			return c.encoded, nil
		}
		return raw, nil
	})
	if err != nil {
		return nil, fmt.Errorf("put the maps back into the answer: %w", err)
	}
	return &tfprotov6.DynamicValue{MsgPack: out}, nil
}

var errTrailing = errors.New("there is more than one value")

// rewrite copies an object, attribute by attribute. Anything else is copied as
// it is.
func rewrite(object []byte, attribute func(name string, raw []byte) ([]byte, error)) ([]byte, error) {
	r := bytes.NewReader(object)
	dec := msgpack.NewDecoder(r)
	code, err := dec.PeekCode()
	if err != nil || !isMap(code) {
		return object, err
	}
	n, err := dec.DecodeMapLen()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	enc := msgpack.NewEncoder(&out)
	if err := enc.EncodeMapLen(n); err != nil {
		return nil, err
	}
	for range n {
		name, err := dec.DecodeString()
		if err != nil {
			return nil, err
		}
		if err := enc.EncodeString(name); err != nil {
			return nil, err
		}
		from := len(object) - r.Len()
		if err := dec.Skip(); err != nil {
			return nil, err
		}
		raw, err := attribute(name, object[from:len(object)-r.Len()])
		if err != nil {
			return nil, err
		}
		out.Write(raw)
	}
	if r.Len() > 0 {
		return nil, errTrailing
	}
	return out.Bytes(), nil
}

func isMap(code byte) bool {
	return msgpcode.IsFixedMap(code) || code == msgpcode.Map16 || code == msgpcode.Map32
}

// decodeMap reads a map of strings. Anything else has no elements.
func decodeMap(raw []byte) (map[string]attr.Value, error) {
	if len(raw) == 0 || !isMap(raw[0]) {
		return nil, nil
	}
	dec := msgpack.NewDecoder(bytes.NewReader(raw))
	n, err := dec.DecodeMapLen()
	if err != nil {
		return nil, err
	}
	elements := make(map[string]attr.Value, min(n, len(raw)/2)) // an entry takes two bytes at least
	for range n {
		id, err := dec.DecodeString()
		if err != nil {
			return nil, err
		}
		if elements[id], err = decodeText(dec); err != nil {
			return nil, err
		}
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

// onlyKey gives the key of a map that has one entry, and nothing for any other.
func onlyKey(raw []byte) string {
	if len(raw) == 0 || !isMap(raw[0]) {
		return ""
	}
	dec := msgpack.NewDecoder(bytes.NewReader(raw))
	if n, err := dec.DecodeMapLen(); err != nil || n != 1 {
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
	var out bytes.Buffer
	enc := msgpack.NewEncoder(&out)
	if err := enc.EncodeMapLen(len(elements)); err != nil {
		return nil, err
	}
	for _, id := range slices.Sorted(maps.Keys(elements)) {
		if err := enc.EncodeString(id); err != nil {
			return nil, err
		}
		if err := encodeText(enc, elements[id]); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
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

/*
 * What a payload written in C needs of mothership: the host's functions, and a few lines to look into its JSON.
 * There is no C library behind it.
 */
#ifndef MOTHERSHIP_H
#define MOTHERSHIP_H

#define IMPORT(name) __attribute__((import_module("mothership"), import_name(name)))
#define EXPORT(name) __attribute__((export_name(name)))

typedef struct {
  const char *at;
  int length;
} text;

IMPORT("get_request") int get_request(void);
IMPORT("read_request") int read_request(char *buffer, int length);
IMPORT("get_config") int get_config(void);
IMPORT("read_config") int read_config(char *buffer, int length);
IMPORT("set_block") int set_block(int status, const char *body, int body_length);
IMPORT("log") int log_line(int level, const char *line, int length);

static inline char lower(char c) { return c >= 'A' && c <= 'Z' ? c | 0x20 : c; }

static inline int same(text a, text b) {
  if (a.length != b.length) return 0;
  for (int i = 0; i < a.length; i++)
    if (lower(a.at[i]) != lower(b.at[i])) return 0;
  return 1;
}

/* True when `part` stands somewhere in `whole`, whatever the case of its letters. */
static inline int contains(text whole, text part) {
  if (part.length == 0) return 0;
  for (int from = 0; from + part.length <= whole.length; from++)
    if (same((text){whole.at + from, part.length}, part)) return 1;
  return 0;
}

/* Behind the string that begins at `at`. */
static inline const char *end_of_string(const char *at, const char *end) {
  for (at++; at < end; at++) {
    if (*at == '\\') at++;
    else if (*at == '"') return at + 1;
  }
  return end;
}

static inline const char *end_of_value(const char *at, const char *end) {
  int depth = 0;
  while (at < end) {
    if (*at == '"') {
      at = end_of_string(at, end);
      if (depth == 0) return at;
      continue;
    }
    if (*at == '{' || *at == '[') depth++;
    else if (*at == '}' || *at == ']') {
      if (depth == 0) return at;
      if (--depth == 0) return at + 1;
    } else if (*at == ',' && depth == 0) return at;
    at++;
  }
  return end;
}

/*
 * A member of a JSON object: a string without its quotes and with its escapes as they are, or the bytes of another value.
 * Length -1 when it is not there. The host writes the JSON, so it is valid.
 */
static inline text member(text object, const char *name, int name_length) {
  const char *at = object.at + 1, *end = object.at + object.length;
  while (at < end && *at != '}') {
    const char *key_end = end_of_string(at, end);
    const char *value = key_end + 1;
    const char *value_end = end_of_value(value, end);
    if (same((text){at + 1, (int)(key_end - at) - 2}, (text){name, name_length}))
      return *value == '"' ? (text){value + 1, (int)(value_end - value) - 2} : (text){value, (int)(value_end - value)};
    at = value_end;
    if (at < end && *at == ',') at++;
  }
  return (text){0, -1};
}

#define MEMBER(object, name) member(object, name, sizeof(name) - 1)

#endif

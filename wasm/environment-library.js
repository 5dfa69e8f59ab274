// Emscripten library: a program's environment is what its host gives (weft_main_setenv). Emscripten's own has the host's script and
// the user's language, which nobody asked to pass, and no two hosts begin with the same memory then.
addToLibrary({
  $getEnvStrings: () => [],
});

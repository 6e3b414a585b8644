// Service worker of the technician's phone. __VERSION__ is replaced by the version of the assets when served.
const VERSION = "__VERSION__";

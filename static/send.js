// Sends the form of a page that is only on the way to an app. Without this file, its button does.
document.querySelector("form[data-send]")?.submit();

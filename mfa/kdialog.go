package mfa

import "strings"

// kdialog asks by KDE's dialog program. It has no time-out.
func kdialog() dialog {
	const program = "kdialog"
	return dialog{
		program: program,
		command: func(q question) (args, more []string) {
			return []string{"--title=" + windowTitle, "--inputbox=" + kdialogText(windowText(q))}, nil
		},
		// Without a display Qt ends it by SIGABRT.
		read: func(out []byte, err error) (string, error) {
			if err := ended(program, err, map[int]error{1: ErrCancelled}); err != nil {
				return "", err
			}
			return strings.TrimRight(string(out), "\n"), nil
		},
	}
}

// kdialogText undoes beforehand what is done to the text of an input box: kdialog resolves \\ and \n (Utils::parseString in
// https://invent.kde.org/utilities/kdialog/-/blob/master/src/utils.cpp), and Qt underlines what follows a single ampersand
// (https://doc.qt.io/qt-6/qlabel.html#setBuddy). That no text is taken for HTML is the heading's doing
// (https://doc.qt.io/qt-6/qt.html#mightBeRichText).
func kdialogText(text string) string {
	return strings.NewReplacer(`\`, `\\`, `&`, `&&`).Replace(text)
}

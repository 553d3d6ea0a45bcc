package mfa

import "strconv"

// appleScript shows one dialog: its first argument is for how many seconds, its second the text. It prints what told reads.
//
//   - The dialog is osascript's own, which is brought to the front. Asking another program to show it, as System Events,
//     needs the user's consent, and gets stuck (https://github.com/theseal/ssh-askpass/issues/48). Since it is sent to no
//     application, the limit of two minutes on commands to other programs does not apply (With Timeout Statements in
//     https://developer.apple.com/library/archive/documentation/AppleScript/Conceptual/AppleScriptLangGuide/reference/ASLR_control_statements.html).
//   - Cancel and Escape raise error -128, giving up sets gave up, and without somebody at the screen there is error -1713
//     (https://developer.apple.com/library/archive/documentation/AppleScript/Conceptual/AppleScriptLangGuide/reference/ASLR_cmds.html,
//     https://github.com/homebysix/jss-filevault-reissue/issues/23).
var appleScript = []string{
	`on run argv`,
	`try`,
	`tell current application to activate`,
	`end try`,
	`try`,
	`set theReply to display dialog (item 2 of argv) default answer "" with title "` + windowTitle + `" ` +
		`buttons {"Cancel", "OK"} default button "OK" cancel button "Cancel" giving up after ((item 1 of argv) as integer)`,
	`if gave up of theReply then return "timed out"`,
	`return "answer:" & (text returned of theReply)`,
	`on error theMessage number theNumber`,
	`if theNumber is -128 then return "cancelled"`,
	`return "failed:error " & theNumber`,
	`end try`,
	`end run`,
}

// osascript asks by macOS's own script runner. Its script is fixed: arguments behind it reach the run handler as they are
// (osascript(1), https://www.unix.com/man-page/mojave/1/osascript), and the first of them, a number, ends its options.
func osascript() dialog {
	const program = "/usr/bin/osascript"
	return dialog{
		program: program,
		command: func(q question) (args, more []string) {
			for _, line := range appleScript {
				args = append(args, "-e", line)
			}
			return append(args, strconv.Itoa(stand(q)), windowText(q)), nil
		},
		read: func(out []byte, err error) (string, error) {
			if err := ended(program, err, nil); err != nil {
				return "", err
			}
			return told(program, out)
		},
	}
}

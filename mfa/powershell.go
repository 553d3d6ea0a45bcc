package mfa

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// The variables in which powerShellScript finds what differs from one question to the next.
const (
	textVariable = "DAYPASS_WINDOW_TEXT"
	timeVariable = "DAYPASS_WINDOW_MILLISECONDS"
)

// powerShellScript shows one window and prints what told reads, in ASCII, since nobody knows the encoding of its output. It
// has no double quote, and so needs no escape on a command line
// (https://learn.microsoft.com/cpp/c-language/parsing-c-command-line-arguments).
//
//   - What the constrained language mode of managed machines forbids, objects of Windows Forms among it, throws and is caught
//     (https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_language_modes).
//   - A service has a desktop that nobody sees: a window there would never be answered
//     (https://learn.microsoft.com/dotnet/api/system.environment.userinteractive).
//   - To set the result of a modal form closes it
//     (https://learn.microsoft.com/dotnet/api/system.windows.forms.form.dialogresult).
const powerShellScript = `$ErrorActionPreference = 'Stop'
try {
  if (-not [Environment]::UserInteractive) { throw 'NotInteractive' }
  Add-Type -AssemblyName System.Windows.Forms
  [System.Windows.Forms.Application]::EnableVisualStyles()
  $text = New-Object System.Windows.Forms.Label
  $text.AutoSize = $true
  $text.UseMnemonic = $false
  $text.Text = $env:` + textVariable + `
  $code = New-Object System.Windows.Forms.TextBox
  $code.Width = 200
  $code.MaxLength = 100
  $ok = New-Object System.Windows.Forms.Button
  $ok.Text = 'OK'
  $ok.DialogResult = 'OK'
  $cancel = New-Object System.Windows.Forms.Button
  $cancel.Text = 'Cancel'
  $cancel.DialogResult = 'Cancel'
  $buttons = New-Object System.Windows.Forms.FlowLayoutPanel
  $buttons.AutoSize = $true
  $buttons.Controls.Add($ok)
  $buttons.Controls.Add($cancel)
  $all = New-Object System.Windows.Forms.FlowLayoutPanel
  $all.AutoSize = $true
  $all.FlowDirection = 'TopDown'
  $all.WrapContents = $false
  $all.Padding = New-Object System.Windows.Forms.Padding(12)
  $all.Controls.Add($text)
  $all.Controls.Add($code)
  $all.Controls.Add($buttons)
  $form = New-Object System.Windows.Forms.Form
  $form.Text = '` + windowTitle + `'
  $form.AutoSize = $true
  $form.AutoSizeMode = 'GrowAndShrink'
  $form.FormBorderStyle = 'FixedDialog'
  $form.MaximizeBox = $false
  $form.MinimizeBox = $false
  $form.StartPosition = 'CenterScreen'
  $form.TopMost = $true
  $form.AcceptButton = $ok
  $form.CancelButton = $cancel
  $form.Controls.Add($all)
  $form.Add_Shown({
    try { [Console]::Out.WriteLine('shown') } catch { $form.Close() }
    $form.Activate()
    $code.Select()
  })
  $timer = New-Object System.Windows.Forms.Timer
  $timer.Interval = [int]$env:` + timeVariable + `
  $timer.Add_Tick({ $form.DialogResult = 'Abort' })
  $timer.Start()
  $result = $form.ShowDialog()
  if ($result -eq 'OK') { [Console]::Out.WriteLine('answer:' + [Uri]::EscapeDataString($code.Text)) }
  elseif ($result -eq 'Abort') { [Console]::Out.WriteLine('timed out') }
  else { [Console]::Out.WriteLine('cancelled') }
} catch { 'failed:' + $_.FullyQualifiedErrorId }`

// powershell asks by the Windows PowerShell that belongs to Windows. Nothing in its call makes a virus scanner suspicious:
// no encoded command, no execution policy, which is about script files only
// (https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_execution_policies).
func powershell(getenv func(string) string) dialog {
	root := getenv("SystemRoot")
	if absolute, _ := regexp.MatchString(`^[A-Za-z]:\\`, root); !absolute {
		root = `C:\Windows`
	}
	program := strings.TrimRight(root, `\`) + `\System32\WindowsPowerShell\v1.0\powershell.exe`
	return dialog{
		program: program,
		command: func(q question) (args, more []string) {
			milliseconds := time.Duration(stand(q)) * time.Second / time.Millisecond
			return []string{"-NoProfile", "-NonInteractive", "-STA", "-Command", powerShellScript},
				[]string{textVariable + "=" + windowText(q), fmt.Sprintf("%s=%d", timeVariable, milliseconds)}
		},
		read: func(out []byte, err error) (string, error) {
			if err := ended(program, err, nil); err != nil {
				// The exit code of a process that somebody ended is any other's.
				if strings.HasPrefix(string(out), "shown") {
					err = ErrCancelled
				}
				return "", err
			}
			answer, err := told(program, out)
			if plain, err := url.PathUnescape(answer); err == nil {
				answer = plain
			}
			return answer, err
		},
	}
}

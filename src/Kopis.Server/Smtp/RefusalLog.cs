using System.Globalization;
using Kopis.Base;
using Kopis.Mail.Smtp;

namespace Kopis.Server.Smtp;

/// <summary>Logs what one session is refused: a line for each verdict with its reason, up to a
/// limit; the rest is only counted, in one line at the end.</summary>
/// <param name="who">The session's number and the client's address.</param>
/// <param name="log">Writes a line.</param>
/// <param name="journal">Gets a record of each, too.</param>
internal sealed class RefusalLog(string who, Action<string> log, SmtpJournal journal)
{
    private const int LinesMax = 20; // As many as errors end a session.

    private int _lines;

    /// <summary>Logs a refusal. Limits by address or user have lines of their own.</summary>
    internal void Log(SmtpCheck check, SmtpAnswer answer, in SmtpSubject subject)
    {
        journal.Refuse(NameOf(check), answer.Line, subject);
        if (check is SmtpCheck.RecipientRate or SmtpCheck.MessageRate || ++_lines > LinesMax)
        {
            return;
        }

        log($"{who}: refused by {NameOf(check)}: helo={LogText.Safe(subject.Helo)} "
            + $"<{LogText.Safe(subject.Sender)}> <{LogText.Safe(subject.Recipient)}>: "
            + answer.Line);
    }

    /// <summary>Logs how many refusals were not logged.</summary>
    internal void Close()
    {
        journal.Close();
        if (_lines > LinesMax)
        {
            log(string.Create(
                CultureInfo.InvariantCulture, $"{who}: refused {_lines - LinesMax} times more"));
        }

        _lines = 0;
    }

    /// <summary>The name of a check in the log and in docs/SESSION.md.</summary>
    internal static string NameOf(SmtpCheck check) => check.ToString().ToLowerInvariant();
}

using System.Buffers;
using Kopis.Base;

namespace Kopis.Users.Settings;

/// <summary>A <c>.qmail</c> file with only what <see cref="UserSettings"/> can express: the
/// mailbox, addresses, and the line for vacation(1). Comments are kept. No I/O.</summary>
internal sealed class MailInstructions
{
    private const string Mailbox = "./Maildir/";
    private const string Vacation = "|vacation";

    // The characters of its options; none has a meaning in the shell.
    private static readonly SearchValues<char> VacationWords = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@._+- ");

    private readonly List<string> _comments = [];
    private readonly List<string> _forwards = [];
    private string? _vacation;

    /// <summary>The addresses that mail is forwarded to.</summary>
    internal IReadOnlyList<string> Forwards => _forwards;

    /// <summary>Whether mail goes to the mailbox.</summary>
    internal bool HasMailbox { get; private set; }

    /// <summary>Whether mail is answered.</summary>
    internal bool HasVacation => _vacation is not null;

    /// <summary>Parses a file.</summary>
    /// <param name="content">The file's content; null or empty: mail goes to the mailbox.</param>
    /// <returns>Null if a line says anything else.</returns>
    internal static MailInstructions? Parse(ReadOnlySpan<byte> content)
    {
        MailInstructions found = new() { HasMailbox = content.IsEmpty };
        foreach (string whole in ByteText.ToText(content).Split('\n'))
        {
            string line = whole.TrimEnd(' ', '\t');
            if (line.Length > 0 && !found.TryAdd(line))
            {
                return null;
            }
        }

        return found;
    }

    /// <summary>Makes the file for these settings; empty: no file is needed.</summary>
    internal byte[] With(UserSettings settings)
    {
        string[] lines =
        [
            .. _comments, .. settings.KeepsCopy ? [Mailbox] : (string[])[],
            .. settings.Forwards.Select(address => $"&{address}"),
            .. settings.IsAway ? [_vacation ?? Vacation] : (string[])[],
        ];
        return lines is [Mailbox] ? [] : ByteText.ToBytes(string.Join('\n', lines) + "\n");
    }

    /// <summary>Why these settings cannot be written to this file; null: they can.</summary>
    /// <param name="wanted">The settings.</param>
    /// <param name="isForwardOnly">Whether the file's x bit is set: then it may only forward
    /// (dot-qmail(5)).</param>
    internal string? Fault(UserSettings wanted, bool isForwardOnly) =>
        isForwardOnly && (wanted.KeepsCopy || wanted.IsAway)
            ? "the file .qmail has its x bit set, and so only forwards; change it by hand"
        : !wanted.IsAway && _vacation?.Length > Vacation.Length
            ? "the line |vacation has options, which would be lost; change .qmail by hand"
        : null;

    private bool TryAdd(string line)
    {
        switch (line[0])
        {
            case '#':
                _comments.Add(line);
                return true;
            case '.':
                bool isFirst = !HasMailbox;
                HasMailbox = true;
                return isFirst && line == Mailbox;
            case '|':
                bool isNew = _vacation is null;
                _vacation = line;
                return isNew && line.StartsWith(Vacation, StringComparison.Ordinal)
                    && line[Vacation.Length..] is "" or [' ', ..]
                    && !line.AsSpan(Vacation.Length).ContainsAnyExcept(VacationWords);
            default:
                string address = UserSettings.Normalized(line[0] == '&' ? line[1..] : line);
                _forwards.Add(address);
                return UserSettings.ForwardFault(address) is null
                    && _forwards.Count <= UserSettings.ForwardsMax;
        }
    }
}

using System.Buffers;
using Kopis.Base;

namespace Kopis.Users.Settings;

/// <summary>A <c>.qmail</c> file that has only what <see cref="UserSettings"/> can say: the
/// mailbox, addresses, and the line of vacation(1). Comments stay. No I/O.</summary>
internal sealed class MailInstructions
{
    private const string Mailbox = "./Maildir/";
    private const string Vacation = "|vacation";

    // What its options are of; nothing here means anything to a shell.
    private static readonly SearchValues<char> VacationWords = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@._+- ");

    private readonly List<string> _comments = [];
    private readonly List<string> _forwards = [];
    private string? _vacation;

    /// <summary>Addresses.</summary>
    internal IReadOnlyList<string> Forwards => _forwards;

    /// <summary>Mail goes to the mailbox.</summary>
    internal bool HasMailbox { get; private set; }

    /// <summary>It is answered.</summary>
    internal bool HasVacation => _vacation is not null;

    /// <summary>Parses it.</summary>
    /// <param name="content">The file; null or empty: mail goes to the mailbox.</param>
    /// <returns>Null where a line says anything else.</returns>
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

    /// <summary>The file for these settings; empty: none is needed.</summary>
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

    /// <summary>Why these settings are not written to this file; null: they are.</summary>
    /// <param name="wanted">The settings.</param>
    /// <param name="isForwardOnly">The file's x bit: it may do nothing but forward
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

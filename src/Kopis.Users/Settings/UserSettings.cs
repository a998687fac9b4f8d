using System.Text;
using Kopis.Users.Virtual;

namespace Kopis.Users.Settings;

/// <summary>What becomes of a user's mail, as far as he can say it without a program.</summary>
/// <param name="Forwards">Addresses that each message goes to, <see cref="Normalized"/>.</param>
/// <param name="KeepsCopy">Whether it goes to the mailbox, too.</param>
/// <param name="IsAway">Whether it is answered (vacation(1)).</param>
/// <param name="AwayText">The body of the answer; may be empty while he is there. Null: it was
/// written by hand, and stays as it is.</param>
public sealed record UserSettings(
    IReadOnlyList<string> Forwards, bool KeepsCopy, bool IsAway, string? AwayText)
{
    /// <summary>So many forwards of a person; longer lists are an administrator's aliases.
    /// </summary>
    public const int ForwardsMax = 10;

    /// <summary>The longest answer, in characters.</summary>
    public const int AwayCharactersMax = 2000;

    /// <summary>Why these will not do; null: they will. Whoever writes them asks this, whatever
    /// was asked before.</summary>
    public string? Fault() =>
        Forwards.Count > ForwardsMax ? $"there are more than {ForwardsMax} forwards"
        : Forwards.Select(ForwardFault).FirstOrDefault(why => why is not null) is { } why
            ? $"not an address to forward to: {why}"
        : !KeepsCopy && Forwards.Count == 0
            ? "mail would be thrown away: keep a copy, or forward it"
        : AwayText is null ? null
        : TextFault(AwayText) ?? (IsAway && string.IsNullOrWhiteSpace(AwayText)
            ? "the answer is empty" : null);

    /// <summary>An address with its domain in lower case. Before the @ case is the other host's.
    /// </summary>
    public static string Normalized(string address)
    {
        int at = address.LastIndexOf('@') + 1;
        return string.Concat(address.AsSpan(0, at), address[at..].ToLowerInvariant());
    }

    /// <summary>Why mail is not forwarded to an address; null: it is.</summary>
    internal static string? ForwardFault(string address) => !Ascii.IsValid(address)
        ? "only ASCII may stand in it" : VirtualAddress.Check(address.ToLowerInvariant());

    /// <summary>Why a text is no answer; null: it is, or is empty.</summary>
    internal static string? TextFault(string text) =>
        text.Length > AwayCharactersMax
            ? $"the answer is longer than {AwayCharactersMax} characters"
        : text.Any(c => char.IsControl(c) && c is not ('\n' or '\t'))
            ? "there are control characters in the answer"
        : null;
}

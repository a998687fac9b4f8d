using System.Text;
using Kopis.Base;
using Kopis.Users.Virtual;

namespace Kopis.Users.Settings;

/// <summary>Where a user's mail goes, as far as the user can set it without a program.</summary>
/// <param name="Forwards">Addresses that each message goes to, <see cref="Normalized"/>.</param>
/// <param name="KeepsCopy">Whether mail also goes to the mailbox.</param>
/// <param name="IsAway">Whether mail is answered (vacation(1)).</param>
/// <param name="AwayText">The body of the answer. It may be empty while mail is not answered. Null:
/// it was written by hand, and stays as it is.</param>
public sealed record UserSettings(
    IReadOnlyList<string> Forwards, bool KeepsCopy, bool IsAway, string? AwayText)
{
    /// <summary>How many forwards a user may have; longer lists are aliases, which an administrator
    /// makes.</summary>
    public const int ForwardsMax = 10;

    /// <summary>The longest answer, in characters.</summary>
    public const int AwayCharactersMax = 2000;

    /// <summary>Why these settings are invalid; null: they are valid. Whoever writes them checks
    /// this, whatever was checked before.</summary>
    public string? Fault() =>
        Forwards.Count > ForwardsMax ? $"there are more than {ForwardsMax} forwards"
        : Forwards.Select(ForwardFault).FirstOrDefault(why => why is not null) is { } why
            ? $"not an address to forward to: {why}"
        : !KeepsCopy && Forwards.Count == 0
            ? "mail would be thrown away: keep a copy, or forward it"
        : AwayText is null ? null
        : TextFault(AwayText) ?? (IsAway && string.IsNullOrWhiteSpace(AwayText)
            ? "the answer is empty" : null);

    /// <summary>An address with its domain in lower case. The case of the local part is up to the
    /// other host.</summary>
    public static string Normalized(string address)
    {
        TextAddress parts = new(address);
        return string.Concat(parts.Local, parts.AtDomain.ToString().ToLowerInvariant());
    }

    /// <summary>Why mail cannot be forwarded to an address; null: it can.</summary>
    internal static string? ForwardFault(string address) => !Ascii.IsValid(address)
        ? "only ASCII may stand in it" : VirtualAddress.Check(address.ToLowerInvariant());

    /// <summary>Why a text cannot be an answer; null: it can, or it is empty.</summary>
    internal static string? TextFault(string text) =>
        text.Length > AwayCharactersMax
            ? $"the answer is longer than {AwayCharactersMax} characters"
        : text.Any(c => char.IsControl(c) && c is not ('\n' or '\t'))
            ? "there are control characters in the answer"
        : null;
}

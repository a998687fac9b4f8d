using System.Buffers;
using Kopis.Base;

namespace Kopis.Users.Virtual;

/// <summary>The form of a virtual user's address. It becomes the key of a line and, by
/// <see cref="PathOf"/>, a path. So it must not have characters that separate lines, keys or lists,
/// nor any that RFC 5321 allows only in quotes.</summary>
public static class VirtualAddress
{
    private const int LocalPartMax = 64; // RFC 5321 §4.5.3.1.1.
    private const int LabelMax = 63; // RFC 1035 §2.3.4.
    private const int DomainMax = 255; // RFC 5321 §4.5.3.1.2.
    private static readonly SearchValues<char> LocalPart =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789.!#$%&'*+-/=?^_`{|}~"); // atext

    private static readonly SearchValues<char> Domain =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789.-_");

    /// <summary>Null if the address is valid, else the reason.</summary>
    /// <param name="address">The address in lower case.</param>
    public static string? Check(string address)
    {
        TextAddress parts = new(address);
        ReadOnlySpan<char> local = parts.Local;
        ReadOnlySpan<char> domain = parts.Domain;
        return !parts.IsComplete ? "an address is LOCAL@DOMAIN"
            : local.Length > LocalPartMax ? $"the local part is longer than {LocalPartMax}"
            : domain.Length > DomainMax ? $"the domain is longer than {DomainMax}"
            : local.ContainsAnyExcept(LocalPart)
                ? "only letters, digits and . ! # $ % & ' * + - / = ? ^ _ ` { | } ~ may stand "
                    + "before the @"
            : local[0] is '#' or '|' or '/' or '&'
                ? "it may not begin with # | / or &, which mean other things than an address"
            : domain.ContainsAnyExcept(Domain)
                ? "only letters, digits and . _ - may stand behind the @"
            : IsDotty(domain) ? "a dot may not stand first, last or twice in the domain"
            : !HasLabels(domain)
                ? $"a part of the domain begins or ends in a hyphen or is over {LabelMax}"
            : null;
    }

    /// <summary>The path of its mailbox below that of its domain: a single name, which does not
    /// begin with a dot.</summary>
    public static string PathOf(string address)
    {
        TextAddress parts = new(address);
        string name =
            parts.Local.ToString().Replace("/", "\\057", StringComparison.Ordinal);
        return Path.Combine(
            parts.Domain.ToString(), name is ['.', .. string rest] ? "\\056" + rest : name);
    }

    private static bool HasLabels(ReadOnlySpan<char> domain)
    {
        foreach (Range range in domain.Split('.'))
        {
            ReadOnlySpan<char> label = domain[range];
            if (label.Length > LabelMax || label[0] == '-' || label[^1] == '-')
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsDotty(ReadOnlySpan<char> text) =>
        text[0] == '.' || text[^1] == '.' || text.IndexOf("..") >= 0;
}

using System.Buffers;

namespace Kopis.Users;

/// <summary>
/// What the address of a virtual user may look like: it becomes a line of a file and a path, so
/// the rule is strict.
/// </summary>
public static class VirtualAddress
{
    private const int LocalPartMax = 64; // RFC 5321 §4.5.3.1.1.
    private const int LabelMax = 63; // RFC 1035 §2.3.4.
    private const int DomainMax = 255; // RFC 5321 §4.5.3.1.2.
    private static readonly SearchValues<char> LocalPart =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789._+=-");

    private static readonly SearchValues<char> Domain =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789.-");

    /// <summary>Null where the address will do, else the reason.</summary>
    /// <param name="address">Lower-cased.</param>
    public static string? Check(string address)
    {
        int at = address.LastIndexOf('@');
        ReadOnlySpan<char> local = address.AsSpan(0, Math.Max(0, at));
        ReadOnlySpan<char> domain = address.AsSpan(at + 1);
        return at <= 0 || domain.IsEmpty ? "an address is LOCAL@DOMAIN"
            : local.Length > LocalPartMax ? $"the local part is longer than {LocalPartMax}"
            : domain.Length > DomainMax ? $"the domain is longer than {DomainMax}"
            : local.ContainsAnyExcept(LocalPart) || domain.ContainsAnyExcept(Domain)
                ? "only letters, digits and . _ + = - may stand in it"
            : IsDotty(local) || IsDotty(domain)
                ? "a dot may not stand first, last or twice"
            : !HasLabels(domain)
                ? $"a part of the domain begins or ends in a hyphen or is over {LabelMax}"
            : null;
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

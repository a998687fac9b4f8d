using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Mail.Authentication;

namespace Kopis.Net.Dmarc;

/// <summary>Who reports to domains what was seen of them: <c>control/dmarcreports</c>, and
/// <c>control/tlsreports</c>.</summary>
/// <param name="Address">Whom reports are from, and who answers for them.</param>
/// <param name="Domain">Its domain, normalized: what reports call this host.</param>
/// <param name="Organization">What a person calls it.</param>
public sealed record ReportSettings(string Address, string Domain, string Organization)
{
    private const int AddressMax = 254; // RFC 5321 §4.5.3.1.3, without the brackets.
    private const int OrganizationMax = 100;

    /// <summary>Reads the file; null where there is none, or its line is empty.</summary>
    /// <exception cref="ConfigurationException">The line does not begin with an address.
    /// </exception>
    public static ReportSettings? Read(ControlDirectory control, ControlLine file)
    {
        string line = ByteText.ToText(control.ReadLine(file) ?? []);
        if (line.Length == 0)
        {
            return null;
        }

        string[] words = line.Split([' ', '\t'], 2, StringSplitOptions.TrimEntries);
        int at = words[0].LastIndexOf('@');
        string? domain = DomainText.Normalize(words[0][(at + 1)..]);
        string organization = words.Length > 1 ? words[1] : domain ?? "";
        return at > 0 && domain is not null && words[0].Length <= AddressMax
            && words[0][..at].All(one => char.IsAsciiLetterOrDigit(one) || "-+._=".Contains(one))
            && organization.Length <= OrganizationMax
            && !organization.AsSpan().ContainsAnyExceptInRange(' ', '~')
            ? new ReportSettings($"{words[0][..at]}@{domain}", domain, organization)
            : throw control.Bad(file, $"must be {file.Line}");
    }
}

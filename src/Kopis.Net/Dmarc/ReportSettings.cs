using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Mail.Authentication;

namespace Kopis.Net.Dmarc;

/// <summary>Who sends reports to domains about mail in their name: <c>control/dmarcreports</c>, and
/// <c>control/tlsreports</c>.</summary>
/// <param name="Address">The sender of reports, who also answers questions about them.</param>
/// <param name="Domain">The domain of the address, normalized. Reports use it as the name of this
/// host.</param>
/// <param name="Organization">The name of the organization, for people.</param>
public sealed record ReportSettings(string Address, string Domain, string Organization)
{
    private const int AddressMax = 254; // RFC 5321 §4.5.3.1.3, without the brackets.
    private const int OrganizationMax = 100;

    /// <summary>Reads the file; null if there is none, or its line is empty.</summary>
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
        TextAddress address = new(words[0]);
        string local = address.Local.ToString();
        string? domain = DomainText.Normalize(address.Domain.ToString());
        string organization = words.Length > 1 ? words[1] : domain ?? "";
        return local.Length > 0 && domain is not null && words[0].Length <= AddressMax
            && local.All(one => char.IsAsciiLetterOrDigit(one) || "-+._=".Contains(one))
            && organization.Length <= OrganizationMax
            && !organization.AsSpan().ContainsAnyExceptInRange(' ', '~')
            ? new ReportSettings($"{local}@{domain}", domain, organization)
            : throw control.Bad(file, $"must be {file.Line}");
    }
}

using Kopis.Mail.Authentication.Reports;

namespace Kopis.Mail.TlsReports;

/// <summary>The TXT record of <c>_smtp._tls</c>: where a domain wants reports of TLS (RFC 8460 §3).
/// </summary>
/// <param name="Addresses">Destinations by mail.</param>
/// <param name="Sites">Destinations by HTTPS, at the usual port.</param>
public sealed record TlsReportRecord(
    IReadOnlyList<ReportAddress> Addresses, IReadOnlyList<Uri> Sites)
{
    private const string Version = "v=TLSRPTv1";
    private const string Targets = "rua=";
    private const int TargetsMax = 10;
    private const int NameMax = 32;
    private const int HttpsPort = 443;

    /// <summary>Parses the records of the name.</summary>
    /// <returns>Null if there is not exactly one record, or it is not valid.</returns>
    public static TlsReportRecord? Of(IReadOnlyList<string> texts)
    {
        string[] ours =
        [
            .. texts.Where(text => text.StartsWith(Version + ";", StringComparison.Ordinal)),
        ];
        return ours is [string one] ? Parse(one) : null;
    }

    private static TlsReportRecord? Parse(string text)
    {
        string[] fields = text.Split(';');
        int count = fields[^1].Trim(' ', '\t').Length == 0 ? fields.Length - 1 : fields.Length;
        string? targets = null;
        for (int i = 1; i < count; i++)
        {
            string field = fields[i].Trim(' ', '\t');
            if (!IsField(field))
            {
                return null;
            }

            if (field.StartsWith(Targets, StringComparison.Ordinal))
            {
                if (targets is not null)
                {
                    return null;
                }

                targets = field[Targets.Length..];
            }
        }

        return targets is null ? null : OfTargets(targets);
    }

    /// <summary>A destination that cannot be used does not affect the others.</summary>
    private static TlsReportRecord? OfTargets(string targets)
    {
        List<ReportAddress> addresses = [];
        List<Uri> sites = [];
        foreach (string target in targets.Split(',').Take(TargetsMax))
        {
            string text = target.Trim(' ', '\t');
            if (ReportAddress.Parse(text) is { } address)
            {
                addresses.Add(address);
            }
            else if (Uri.TryCreate(text, UriKind.Absolute, out Uri? site)
                && site is { Scheme: "https", Port: HttpsPort, UserInfo: "" }
                && site.HostNameType == UriHostNameType.Dns)
            {
                sites.Add(site);
            }
        }

        return addresses.Count + sites.Count == 0 ? null : new TlsReportRecord(addresses, sites);
    }

    private static bool IsField(string field)
    {
        int equals = field.IndexOf('=', StringComparison.Ordinal);
        return equals is > 0 and <= NameMax && equals + 1 < field.Length
            && field[..equals].All(
                one => char.IsAsciiLetterOrDigit(one) || one is '_' or '-' or '.')
            && char.IsAsciiLetterOrDigit(field[0])
            && field.AsSpan((equals + 1)..).IndexOfAnyExceptInRange(' ', '~') < 0;
    }
}

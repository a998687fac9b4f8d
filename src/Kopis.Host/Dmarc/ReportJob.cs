using System.Security.Cryptography;
using Kopis.Base;
using Kopis.Net.Dmarc;
using Kopis.Posix;

namespace Kopis.Host.Dmarc;

/// <summary>The observations of a domain on one day.</summary>
/// <param name="Settings">The settings of the reporter.</param>
/// <param name="Day">The day, which is over.</param>
/// <param name="Domain">The domain.</param>
/// <param name="Rows">The observations.</param>
/// <param name="IsLate">Whether it has waited for a day, and must not wait longer.</param>
internal sealed record ReportJob(
    ReportSettings Settings, DateOnly Day, string Domain, DomainRows Rows, bool IsLate)
{
    private const int IdBytes = 8;

    /// <summary>The id of the report; the same rows give the same id.</summary>
    internal string Id
    {
        get
        {
            byte[] hash = SHA256.HashData([.. ByteText.ToBytes(Domain), .. Rows.ToBytes()]);
            return ReportStore.NameOf(Day).Replace("-", "", StringComparison.Ordinal)
                + Convert.ToHexStringLower(hash.AsSpan(0, IdBytes));
        }
    }

    /// <summary>Prints at once what was done, whatever happens afterwards.</summary>
    internal void Say(string what) => Fd.WriteAll(
        1, ByteText.ToBytes($"{ReportStore.NameOf(Day)} {Domain}: {what}\n"));
}

using System.Security.Cryptography;
using Kopis.Base;
using Kopis.Net.Dmarc;
using Kopis.Posix;

namespace Kopis.Host.Dmarc;

/// <summary>What was seen of a domain on a day.</summary>
/// <param name="Settings">Who reports.</param>
/// <param name="Day">The day, which is over.</param>
/// <param name="Domain">The domain.</param>
/// <param name="Rows">What was seen.</param>
/// <param name="IsLate">It has waited for a day, and waits no longer.</param>
internal sealed record ReportJob(
    ReportSettings Settings, DateOnly Day, string Domain, DomainRows Rows, bool IsLate)
{
    private const int IdBytes = 8;

    /// <summary>The report's id: the same rows have the same one.</summary>
    internal string Id
    {
        get
        {
            byte[] hash = SHA256.HashData([.. ByteText.ToBytes(Domain), .. Rows.ToBytes()]);
            return ReportStore.NameOf(Day).Replace("-", "", StringComparison.Ordinal)
                + Convert.ToHexStringLower(hash.AsSpan(0, IdBytes));
        }
    }

    /// <summary>Prints what was done, at once: whatever comes after it.</summary>
    internal void Say(string what) => Fd.WriteAll(
        1, ByteText.ToBytes($"{ReportStore.NameOf(Day)} {Domain}: {what}\n"));
}

using System.Globalization;
using Kopis.Net.Dkim;

namespace Kopis.Host.Dkim;

/// <summary>Decides when keys begin and end to sign. New keys begin some days after they were made,
/// in which their records can be published. For a week the old keys sign too, so that mail has a
/// signature that can be verified whatever a resolver has cached. After that, the old records stay
/// for mail that waits in queues.</summary>
internal static class DkimRotation
{
    /// <summary>How long the old and the new keys both sign.</summary>
    internal static readonly TimeSpan Together = TimeSpan.FromDays(7);

    /// <summary>How long a record stays after its key's last signature: mail waits in a queue for
    /// up to a week (queuelifetime), and may wait again elsewhere.</summary>
    internal static readonly TimeSpan RecordStays = TimeSpan.FromDays(14);

    private const string DateFormat = "yyyy-MM-dd HH:mm 'UTC'";

    /// <summary>The name for new keys: the date, and a letter if that name is taken.</summary>
    /// <param name="now">The present time.</param>
    /// <param name="isTaken">Whether a name is taken.</param>
    internal static string NewSelector(DateTimeOffset now, Func<string, bool> isTaken)
    {
        string date = now.UtcDateTime.ToString("yyyyMMdd", CultureInfo.InvariantCulture);
        return Enumerable.Range('a', 26).Select(letter => $"{date}{(char)letter}")
            .FirstOrDefault(name => !isTaken(name))
            ?? throw new Kopis.Base.ConfigurationException(
                "26 keys were made today", Kopis.Base.ExitCode.Permanent);
    }

    /// <summary>Whether some keys wait for their first use.</summary>
    internal static bool IsUnderWay(DkimDomainKeys keys, DateTimeOffset now) =>
        keys.Keys.Any(key => key.From > now);

    /// <summary>Whether a key and its record can be removed.</summary>
    internal static bool IsSpent(DkimKeyFile key, DateTimeOffset now) =>
        key.Until is { } until && until + RecordStays <= now;

    /// <summary>The line that describes a key.</summary>
    internal static string Describe(DkimKeyFile key, DateTimeOffset now)
    {
        string state = key switch
        {
            { From: { } from } when from > now => $"signs from {Date(from)}",
            { Until: { } until } when IsSpent(key, now) =>
                $"ended {Date(until)}; key and record can be removed",
            { Until: { } until } when until <= now =>
                $"ended {Date(until)}; keep its record until {Date(until + RecordStays)}",
            { Until: { } until } => $"signs until {Date(until)}",
            _ => "signs",
        };
        return $"{key.Selector} ({(key.IsEd25519 ? "ed25519" : "rsa")}): {state}";
    }

    private static string Date(DateTimeOffset time) =>
        time.UtcDateTime.ToString(DateFormat, CultureInfo.InvariantCulture);
}

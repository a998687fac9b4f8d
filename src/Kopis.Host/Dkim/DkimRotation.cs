using System.Globalization;
using Kopis.Net.Dkim;

namespace Kopis.Host.Dkim;

/// <summary>
/// When keys begin and end to sign. New keys begin some days after they were made, which is the
/// time to publish them; the old ones sign with them for a week more, so that mail has a signature
/// that verifies whatever a resolver remembers; after that their records stay for what waits in
/// queues.
/// </summary>
internal static class DkimRotation
{
    /// <summary>How long old and new keys both sign.</summary>
    internal static readonly TimeSpan Together = TimeSpan.FromDays(7);

    /// <summary>How long a record stays after its key has signed for the last time: mail waits
    /// for a week in a queue (queuelifetime), and may wait again elsewhere.</summary>
    internal static readonly TimeSpan RecordStays = TimeSpan.FromDays(14);

    private const string DateFormat = "yyyy-MM-dd HH:mm 'UTC'";

    /// <summary>A name for new keys: the date, and a letter where that is taken.</summary>
    /// <param name="now">Now.</param>
    /// <param name="isTaken">Whether keys have a name already.</param>
    internal static string NewSelector(DateTimeOffset now, Func<string, bool> isTaken)
    {
        string date = now.UtcDateTime.ToString("yyyyMMdd", CultureInfo.InvariantCulture);
        return Enumerable.Range('a', 26).Select(letter => $"{date}{(char)letter}")
            .FirstOrDefault(name => !isTaken(name))
            ?? throw new Kopis.Base.ConfigurationException(
                "26 keys were made today", Kopis.Base.ExitCode.Permanent);
    }

    /// <summary>Whether keys wait to begin.</summary>
    internal static bool IsUnderWay(DkimDomainKeys keys, DateTimeOffset now) =>
        keys.Keys.Any(key => key.From > now);

    /// <summary>Whether a key's record can be removed, and so the key.</summary>
    internal static bool IsSpent(DkimKeyFile key, DateTimeOffset now) =>
        key.Until is { } until && until + RecordStays <= now;

    /// <summary>A line about a key.</summary>
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

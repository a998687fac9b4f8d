using System.Globalization;

namespace Kopis.Base;

/// <summary>Dates as qmail prints them: always UTC (contract §0, §3).</summary>
public static class QmailDate
{
    /// <summary>Such as <c>26 Sep 1995 04:46:53 -0000</c>: the day is not padded, and there is no
    /// weekday and no line end.</summary>
    public static string Rfc822(DateTimeOffset time) =>
        time.UtcDateTime.ToString("d MMM yyyy HH:mm:ss", CultureInfo.InvariantCulture) + " -0000";

    /// <summary>Such as <c>Mon Sep 04 04:46:53 1995</c>: the date of an mbox From_ line.</summary>
    public static string MboxFrom(DateTimeOffset time) =>
        time.UtcDateTime.ToString("ddd MMM dd HH:mm:ss yyyy", CultureInfo.InvariantCulture);
}

using System.Globalization;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Tools.DotQmail;

/// <summary>Programs for people who send mail by hand: <c>predate</c>, <c>datemail</c>,
/// <c>mailsubj</c> (contract §5.4).</summary>
public static class MailingTools
{
    /// <summary><c>predate COMMAND…</c>: puts a Date field in local time before standard input.
    /// </summary>
    public static int Predate(ProgramContext context) => context.Arguments.Count == 0
        ? throw new ConfigurationException(
            "usage: predate command [ arg ... ]", ExitCode.Permanent)
        : Feed(context, context.Arguments, DateLine(DateTimeOffset.UtcNow));

    /// <summary><c>datemail ARGUMENTS</c>: sends standard input through predate to sendmail.
    /// </summary>
    public static int Datemail(ProgramContext context) => Feed(
        context, [Own(context, "sendmail"), .. context.Arguments], DateLine(DateTimeOffset.UtcNow));

    /// <summary><c>mailsubj SUBJECT RECIPIENT…</c></summary>
    public static int Mailsubj(ProgramContext context)
    {
        if (context.Arguments.Count < 2)
        {
            throw new ConfigurationException(
                "usage: mailsubj subject recipient [ recipient ... ]", ExitCode.Permanent);
        }

        List<byte> head = [.. "Subject: "u8, .. context.Arguments[0], .. "\nTo: "u8];
        head.AddRange(context.Arguments[1]);
        foreach (byte[] recipient in context.Arguments.Skip(2))
        {
            head.AddRange([.. ", "u8, .. recipient]);
        }

        head.AddRange("\n\n"u8);
        return Feed(context, [Own(context, "qmail-inject")], [.. head]);
    }

    private static byte[] DateLine(DateTimeOffset now)
    {
        now = now.ToOffset(LocalTime.OffsetAt(now));
        string zone = $"{(now.Offset < TimeSpan.Zero ? '-' : '+')}{now.Offset:hhmm}";
        return ByteText.ToBytes(string.Create(
            CultureInfo.InvariantCulture, $"Date: {now:d MMM yyyy HH:mm:ss} {zone}\n"));
    }

    private static byte[] Own(ProgramContext context, string program) =>
        System.Text.Encoding.UTF8.GetBytes(context.In($"bin/{program}"));

    private static int Feed(
        ProgramContext context, IReadOnlyList<byte[]> words, ReadOnlySpan<byte> head)
    {
        WaitStatus status = ToolChild.Feed(
            context, words, head, codeWithout: ExitCode.Temporary);
        return status.Crashed
            ? throw new ConfigurationException("child crashed")
            : status.ExitCode;
    }
}

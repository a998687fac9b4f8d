using Kopis.Base;
using Kopis.Local.Delivery;
using Kopis.Posix;
using Kopis.Users.Recipients;

namespace Kopis.Tools.DotQmail;

/// <summary>The programs for .qmail lines: <c>forward</c>, <c>condredirect</c>,
/// <c>bouncesaying</c>, <c>except</c>, <c>preline</c> (contract §5.4).</summary>
public static class DotQmailTools
{
    private const int SkipRest = 99; // Tells qmail-local to skip further lines.
    private const string PrelineSwitches = "frd";

    /// <summary><c>forward ADDRESS…</c></summary>
    public static int Forward(ProgramContext context)
    {
        byte[] sender = ToolQueue.Required(context, "NEWSENDER");
        byte[] line = ToolQueue.Required(context, "DTLINE");
        ToolQueue.Send(context, sender, context.Arguments, line);
        return ExitCode.Success;
    }

    /// <summary><c>condredirect ADDRESS COMMAND…</c>: redirects if the command exits with 0.
    /// </summary>
    public static int Condredirect(ProgramContext context)
    {
        context.RequireArguments(2, "newaddress program [ arg ... ]");
        if (ToolChild.CodeOf(ToolChild.Run(context, [.. context.Arguments.Skip(1)])) != 0)
        {
            return ExitCode.Success;
        }

        try
        {
            Fd.Seek(0, 0);
        }
        catch (PosixException e)
        {
            throw new ConfigurationException($"unable to rewind: {FileErrors.Text(e.Number)}", e);
        }

        byte[] sender = ToolQueue.Required(context, "SENDER");
        byte[] line = ToolQueue.Required(context, "DTLINE");
        ToolQueue.Send(context, sender, [context.Arguments[0]], line);
        return SkipRest;
    }

    /// <summary><c>bouncesaying TEXT [COMMAND…]</c>: bounces if the command exits with 0.</summary>
    public static int Bouncesaying(ProgramContext context)
    {
        context.RequireArguments(1, "error [ program [ arg ... ] ]");
        if (context.Arguments.Count > 1
            && ToolChild.CodeOf(ToolChild.Run(context, [.. context.Arguments.Skip(1)])) != 0)
        {
            return ExitCode.Success;
        }

        StandardOutput.Instance.Complain([.. context.Arguments[0], (byte)'\n']);
        return ExitCode.Permanent;
    }

    /// <summary><c>except COMMAND…</c>: turns exit code 0 into 100, and codes other than 0 and 111
    /// into 0.</summary>
    public static int Except(ProgramContext context)
    {
        context.RequireArguments(1, "program [ arg ... ]");
        return ToolChild.CodeOf(ToolChild.Run(context, context.Arguments)) == 0
            ? ExitCode.Permanent
            : ExitCode.Success;
    }

    /// <summary><c>preline [-frdFRD] COMMAND…</c>: feeds a command with the message, after the
    /// lines that qmail-local passes in UFLINE, RPLINE and DTLINE.</summary>
    public static int Preline(ProgramContext context)
    {
        int at = 0;
        string off = "";
        while (context.ArgumentText(at) is { Length: > 1 } word && word[0] == '-')
        {
            at++;
            if (word == "--")
            {
                break;
            }

            foreach (char letter in word.AsSpan(1))
            {
                char small = char.ToLowerInvariant(letter);
                if (!PrelineSwitches.Contains(small, StringComparison.Ordinal))
                {
                    context.RequireArguments(int.MaxValue, "cmd [ arg ... ]");
                }

                off = off.Replace($"{small}", "", StringComparison.Ordinal)
                    + (letter == small ? $"{letter}" : "");
            }
        }

        context.RequireArguments(at + 1, "cmd [ arg ... ]");
        byte[] unix = ToolQueue.Required(context, "UFLINE");
        byte[] returnPath = ToolQueue.Required(context, "RPLINE");
        byte[] delivered = ToolQueue.Required(context, "DTLINE");
        byte[] head =
        [
            .. off.Contains('f', StringComparison.Ordinal) ? [] : unix,
            .. off.Contains('r', StringComparison.Ordinal) ? [] : returnPath,
            .. off.Contains('d', StringComparison.Ordinal) ? [] : delivered,
        ];
        WaitStatus status = ToolChild.Feed(context, [.. context.Arguments.Skip(at)], head);
        return status.Crashed
            ? throw new ConfigurationException("child crashed")
            : status.ExitCode;
    }
}

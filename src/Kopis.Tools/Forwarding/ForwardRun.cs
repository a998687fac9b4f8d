using Kopis.Base;
using Kopis.Local.Delivery;
using Kopis.Posix;
using Kopis.Tools.DotQmail;
using Kopis.Users.Recipients;

namespace Kopis.Tools.Forwarding;

/// <summary>The actions of <c>fastforward</c> and <c>dot-forward</c> on a message.</summary>
internal static class ForwardRun
{
    /// <summary>Runs a command with the message, preceded by <paramref name="head"/> if that is not
    /// empty.</summary>
    /// <returns>0, or the exit code to end with. The command itself has printed the reason.
    /// </returns>
    /// <exception cref="ConfigurationException">Code 111: it could not be run to its end.
    /// </exception>
    internal static int Pipe(
        ProgramContext context, ReadOnlySpan<byte> command, ReadOnlySpan<byte> head)
    {
        Rewind();
        byte[][] words = ["/bin/sh"u8.ToArray(), "-c"u8.ToArray(), command.ToArray()];
        WaitStatus status = head.IsEmpty
            ? ToolChild.Run(context, words)
            : ToolChild.Feed(context, words, head, mustRead: false);
        return status.Crashed ? throw new ConfigurationException("child crashed")
            : status.ExitCode == 0 ? 0
            : ProgramExit.Judge(status)?.ExitCode ?? ExitCode.Temporary;
    }

    /// <summary>The lines that qmail-local passes in UFLINE, RPLINE and DTLINE, to be put before
    /// the message.</summary>
    internal static byte[] HeadOf(ProgramContext context) =>
    [
        .. ToolQueue.Required(context, "UFLINE"), .. ToolQueue.Required(context, "RPLINE"),
        .. ToolQueue.Required(context, "DTLINE"),
    ];

    /// <summary>Queues the message for recipients.</summary>
    internal static void Forward(
        ProgramContext context, byte[] sender, IReadOnlyList<byte[]> recipients)
    {
        Rewind();
        ToolQueue.Send(context, sender, recipients, ToolQueue.Required(context, "DTLINE"));
    }

    /// <summary>Prints what would be done.</summary>
    internal static void Tell(string what, ReadOnlySpan<byte> whom, string after = "") =>
        StandardOutput.Instance.Complain(
            [.. ByteText.ToBytes(what), .. whom, .. ByteText.ToBytes(after + "\n")]);

    private static void Rewind()
    {
        try
        {
            Fd.Seek(0, 0);
        }
        catch (PosixException e)
        {
            throw new ConfigurationException(
                $"unable to rewind input: {FileErrors.Text(e.Number)}", e);
        }
    }
}

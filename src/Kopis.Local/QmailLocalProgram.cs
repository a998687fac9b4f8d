using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Local;

/// <summary>
/// <c>qmail-local [-nN] user home local dash ext domain sender defaultdelivery</c>: one delivery
/// by hand (contract §7.5); with <c>--serve</c> it serves qmail-lspawn.
/// </summary>
public static class QmailLocalProgram
{
    private const int OnlyOwner = 0x3F; // 077
    private const int StandardOutput = 1;

    /// <summary>Runs the program.</summary>
    public static int Run(ProgramContext context)
    {
        Processes.SetFileModeMask(OnlyOwner);
        if (context.Arguments.Count == 1 && context.ArgumentText(0) == "--serve")
        {
            Lifeline.Watch(context);
            using LocalServer server = new(LocalHost.For(context));
            return server.Run()
                ? ExitCode.Success
                : ExitCode.Permanent;
        }

        if (Parse(context.Arguments, out bool describeOnly) is not { } arguments)
        {
            Fd.WriteAll(2, "qmail-local: usage: qmail-local [ -nN ] user homedir local dash ext "u8);
            Fd.WriteAll(2, "domain sender defaultdelivery\n"u8);
            return ExitCode.Permanent;
        }

        if (arguments.Home.Length == 0 || arguments.Home[0] != (byte)'/')
        {
            Fd.WriteAll(2, "qmail-local: usage: home must begin with a slash\n"u8);
            return ExitCode.Permanent;
        }

        using LocalMessage message = LocalMessage.OfFile(0);
        LocalResult result =
            new LocalDelivery(LocalHost.For(context), arguments, message, describeOnly).Run();
        Fd.WriteAll(StandardOutput, result.Text);
        return result.Code;
    }

    private static LocalArguments? Parse(IReadOnlyList<byte[]> words, out bool describeOnly)
    {
        describeOnly = false;
        int next = 0;
        while (next < words.Count && words[next].Length > 1 && words[next][0] == (byte)'-')
        {
            if (words[next].AsSpan().SequenceEqual("--"u8))
            {
                next++;
                break;
            }

            foreach (byte letter in words[next].AsSpan(1))
            {
                if (letter is not ((byte)'n' or (byte)'N'))
                {
                    return null;
                }

                describeOnly = letter == (byte)'n';
            }

            next++;
        }

        return words.Count - next == LocalArguments.Count
            ? LocalArguments.From([.. words.Skip(next)])
            : null;
    }
}

using Kopis.Base;
using Kopis.Local.Delivery;
using Kopis.Posix;

namespace Kopis.Local.Worker;

/// <summary><c>qmail-local</c>: delivers one message by hand (contract §7.5), or runs as the warm
/// process of qmail-lspawn (<c>--serve</c>).</summary>
public static class QmailLocalProgram
{
    /// <summary>The descriptor for orders to a warm process; its grants come on descriptor 0.
    /// </summary>
    internal const int OrdersFd = 3;

    private const int StandardInput = 0;
    private const int OwnerOnly = 0x3F; // umask 077.

    /// <summary>Runs the program.</summary>
    public static int Run(ProgramContext context)
    {
        Processes.SetFileModeMask(OwnerOnly);
        if (context.Arguments.Count == 1 && context.ArgumentText(0) == "--serve"
            && Fd.IsInherited(OrdersFd))
        {
            Fd.SetCloseOnExec(OrdersFd); // Programs of a .qmail file must not inherit it.
            return LocalServer.Run(context, StandardInput, OrdersFd);
        }

        if (!TryParse(context.Arguments, out bool describeOnly, out List<byte[]> rest)
            || DeliveryRequest.From(rest) is not { } request)
        {
            StandardOutput.Instance.Complain(
                "qmail-local: usage: qmail-local [ -nN ] user homedir local dash ext domain "u8);
            StandardOutput.Instance.Complain("sender aliasempty\n"u8);
            return ExitCode.Permanent;
        }

        // By hand, a user, or root for a test, may run programs.
        using MessageBody body = MessageBody.InFile(StandardInput);
        LocalSite site = LocalSite.Of(context, mayRunPrograms: true);
        return new LocalDelivery(site, request, body, StandardOutput.Instance)
        {
            DescribeOnly = describeOnly,
        }.Run();
    }

    private static bool TryParse(
        IReadOnlyList<byte[]> arguments, out bool describeOnly, out List<byte[]> rest)
    {
        describeOnly = false;
        rest = [];
        int next = 0;
        for (; next < arguments.Count; next++)
        {
            ReadOnlySpan<byte> word = arguments[next];
            if (word.Length < 2 || word[0] != (byte)'-')
            {
                break;
            }

            if (word.SequenceEqual("--"u8))
            {
                next++;
                break;
            }

            foreach (byte letter in word[1..])
            {
                if (letter is not ((byte)'n' or (byte)'N'))
                {
                    return false;
                }

                describeOnly = letter == (byte)'n';
            }
        }

        rest.AddRange(arguments.Skip(next));
        return true;
    }
}

using Kopis.Base;
using Kopis.Net;
using Kopis.Net.Dns;
using Kopis.Net.Listener;
using Kopis.Posix;

namespace Kopis.Server.ClientPolicy;

/// <summary>rblsmtpd: refuses clients that are on lists in DNS (contract §12.3).</summary>
public static class Rblsmtpd
{
    /// <summary>Runs the program: replies to a client that it refuses, or becomes the next program.
    /// </summary>
    public static int Run(ProgramContext context)
    {
        RblsmtpdOptions options = RblsmtpdOptions.Parse(context.Arguments);
        DnsListQuery lists = new(MailDns.Read(context));
        Rejection? rejection = new ClientCheck(options, lists)
            .RunAsync(context.Environment, CancellationToken.None).GetAwaiter().GetResult();
        if (rejection is not null)
        {
            RejectAsync(context, rejection, options.Timeout).GetAwaiter().GetResult();
            return ExitCode.Success;
        }

        Successor.Run(context.Environment, options.Program);
        return ExitCode.Temporary;
    }

    /// <summary>A link of a listener's chain.</summary>
    /// <param name="listener">The context of the listener.</param>
    /// <param name="chain">The words of the chain, from rblsmtpd on.</param>
    /// <param name="rest">Makes the handler of the words after its own.</param>
    /// <returns>Null if the words after its own cannot run in the listener.</returns>
    /// <exception cref="ConfigurationException">Wrong usage, or no resolver can be found.
    /// </exception>
    public static ISessionHandler? CreateHandler(
        ProgramContext listener, IReadOnlyList<byte[]> chain, ChainFactory rest)
    {
        RblsmtpdOptions options = RblsmtpdOptions.Parse([.. chain.Skip(1)]);
        return rest(listener, options.Program) is { } next
            ? new RblsmtpdHandler(
                options, new DnsListQuery(MailDns.Read(listener)), next, TimeProvider.System)
            : null;
    }

    private static async Task RejectAsync(
        ProgramContext context, Rejection rejection, TimeSpan timeout)
    {
        await using Connection connection =
            Connection.OverDescriptors(0, 1, context.Environment, TimeProvider.System);
        await RblsmtpdHandler.RejectAsync(
            connection, rejection, timeout, TimeProvider.System, CancellationToken.None);
    }
}

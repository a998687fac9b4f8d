using Kopis.Base;
using Kopis.Net;

namespace Kopis.Server;

/// <summary>Runs a server as a program of its own: one session, then it ends.</summary>
internal static class SessionByHand
{
    /// <summary>Serves the client on descriptors 0 and 1; returns the exit code.</summary>
    internal static int Serve(ISessionHandler handler, ByteEnvironment environment) =>
        ServeAsync(handler, environment).GetAwaiter().GetResult();

    private static async Task<int> ServeAsync(
        ISessionHandler handler, ByteEnvironment environment)
    {
        await using Connection connection =
            Connection.OverDescriptors(0, 1, environment, TimeProvider.System);
        return await handler.RunAsync(connection, CancellationToken.None);
    }
}

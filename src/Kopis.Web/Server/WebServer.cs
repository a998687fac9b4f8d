using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Kopis.Web.Server;

/// <summary>Kestrel, with limits on everything that a client can ask of it.</summary>
internal static class WebServer
{
    /// <summary>The longest body: a form of fifty message numbers and a token, or an automatic
    /// answer of two thousand characters.</summary>
    internal const int BodyBytesMax = 32 * 1024;

    private const int ConnectionsMax = 512; // Sixteen users' places (ClientPlaces).
    private const int HeaderBytesMax = 16 * 1024;
    private const int HeadersMax = 50;
    private const int RequestLineBytesMax = 4 * 1024;
    private static readonly TimeSpan HeaderTime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(30);
    private static readonly MinDataRate Rate = new(100, TimeSpan.FromSeconds(10));

    /// <summary>Starts to listen.</summary>
    /// <exception cref="IOException">The port is taken.</exception>
    internal static async Task<WebApplication> StartAsync(WebSockets sockets, Gate gate)
    {
        ClientPlaces places = new(TimeProvider.System);
        void Configure(ListenOptions listen)
        {
            listen.Protocols = HttpProtocols.Http1;
            listen.Use(next => connection => places.ServeAsync(connection, next));
        }

        // Nothing is read from the environment, files or the command line here.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            options.Limits.MaxConcurrentConnections = ConnectionsMax;
            options.Limits.MaxConcurrentUpgradedConnections = 0;
            options.Limits.MaxRequestBodySize = BodyBytesMax;
            options.Limits.MaxRequestHeadersTotalSize = HeaderBytesMax;
            options.Limits.MaxRequestHeaderCount = HeadersMax;
            options.Limits.MaxRequestLineSize = RequestLineBytesMax;
            options.Limits.RequestHeadersTimeout = HeaderTime;
            options.Limits.KeepAliveTimeout = IdleTime;
            options.Limits.MinRequestBodyDataRate = Rate;
            options.Limits.MinResponseDataRate = Rate;
            if (sockets.Descriptors.Count == 0)
            {
                options.Listen(sockets.Places[0], Configure);
            }

            foreach (int fd in sockets.Descriptors)
            {
                options.ListenHandle((ulong)fd, Configure);
            }
        });
        WebApplication app = builder.Build();
        app.Run(gate.HandleAsync);
        await app.StartAsync();
        return app;
    }
}

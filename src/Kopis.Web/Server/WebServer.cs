using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Kopis.Web.Server;

/// <summary>Kestrel, with bounds on all that a client can ask of it.</summary>
internal static class WebServer
{
    /// <summary>A form: fifty message numbers and a token.</summary>
    internal const int BodyBytesMax = 16 * 1024;

    private const int ConnectionsMax = 100;
    private const int HeaderBytesMax = 16 * 1024;
    private const int HeadersMax = 50;
    private const int RequestLineBytesMax = 4 * 1024;
    private static readonly TimeSpan HeaderTime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(30);
    private static readonly MinDataRate Rate = new(100, TimeSpan.FromSeconds(10));

    /// <summary>Listens.</summary>
    /// <exception cref="IOException">The port is taken.</exception>
    internal static async Task<WebApplication> StartAsync(IPEndPoint place, Gate gate)
    {
        // Nothing is read from the environment, from files or from the command line here.
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
            options.Listen(place, listen => listen.Protocols = HttpProtocols.Http1);
        });
        WebApplication app = builder.Build();
        app.Run(gate.HandleAsync);
        await app.StartAsync();
        return app;
    }
}

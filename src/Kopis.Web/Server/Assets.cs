using Microsoft.AspNetCore.Http;

namespace Kopis.Web.Server;

/// <summary>The style sheet, the script and the icon, which are parts of the binary.</summary>
internal static class Assets
{
    private static readonly Dictionary<string, (string Type, byte[] Content)> Files = new()
    {
        ["/style.css"] = ("text/css; charset=utf-8", Read("style.css")),
        ["/app.js"] = ("text/javascript; charset=utf-8", Read("app.js")),
        ["/icon.svg"] = ("image/svg+xml", Read("icon.svg")),
    };

    /// <summary>Sends one of them, if the path names it.</summary>
    internal static async Task<bool> TrySendAsync(HttpContext http)
    {
        if (!Files.TryGetValue(http.Request.Path.Value ?? "", out var file))
        {
            return false;
        }

        http.Response.ContentType = file.Type;
        http.Response.ContentLength = file.Content.Length;
        http.Response.Headers.CacheControl = "no-cache";
        if (!HttpMethods.IsHead(http.Request.Method))
        {
            await http.Response.Body.WriteAsync(file.Content);
        }

        return true;
    }

    private static byte[] Read(string name)
    {
        using Stream stream = typeof(Assets).Assembly.GetManifestResourceStream(name)!;
        using MemoryStream all = new();
        stream.CopyTo(all);
        return all.ToArray();
    }
}

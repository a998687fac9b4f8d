using System.Buffers;
using System.Text.Json;
using Kopis.Web.Live;
using Kopis.Web.Server;
using Microsoft.AspNetCore.Http;

namespace Kopis.Web.Pages;

/// <summary>The data that the script asks for every two seconds: numbers, and no foreign text.
/// </summary>
internal static class LiveData
{
    /// <summary>Sends the data as JSON.</summary>
    internal static async Task SendAsync(HttpContext http, Dashboard dashboard)
    {
        DateTimeOffset now = dashboard.Clock.GetUtcNow();
        ArrayBufferWriter<byte> bytes = new(8 * 1024);
        using (Utf8JsonWriter json = new(bytes))
        {
            Write(json, dashboard.Feed, now);
        }

        http.Response.ContentType = "application/json";
        http.Response.ContentLength = bytes.WrittenCount;
        if (!HttpMethods.IsHead(http.Request.Method))
        {
            await http.Response.Body.WriteAsync(bytes.WrittenMemory);
        }
    }

    private static void Write(Utf8JsonWriter json, Feed feed, DateTimeOffset now)
    {
        QueueLevel level = feed.Level;
        json.WriteStartObject();
        json.WriteStartObject("now");
        json.WriteNumber("messages", level.Messages);
        json.WriteNumber("held", level.Held);
        json.WriteNumber("local", level.Local);
        json.WriteNumber("remote", level.Remote);
        json.WriteNumber("waiting", level.Waiting);
        json.WriteNumber("troubled", level.Troubled);
        json.WriteEndObject();
        json.WriteStartObject("plots");
        json.WriteStartObject("queue");
        Line(json, "messages", feed.Levels(now));
        json.WriteEndObject();
        json.WriteStartObject("rates");
        foreach ((Rate rate, string name, _) in OverviewPage.Lines)
        {
            Line(json, name, feed.Rates.Of(rate, now));
        }

        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Line(Utf8JsonWriter json, string name, long[] values)
    {
        json.WriteStartArray(name);
        foreach (long value in values)
        {
            json.WriteNumberValue(value);
        }

        json.WriteEndArray();
    }
}

using System.Buffers;
using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text.Json;
using Kopis.Users.Lookup;

namespace Kopis.Users.Settings;

/// <summary>The messages of a channel between the dashboard and a user's process: u32 length,
/// little-endian, and a JSON object. A request has <c>right</c>, and the settings if they are to be
/// written. An answer has the current settings, or <c>fault</c>. Neither side trusts the other.
/// </summary>
internal static class SettingsMessage
{
    /// <summary>The longest message, without its length: enough for a text of two thousand
    /// characters as JSON.</summary>
    internal const int BytesMax = 32 * 1024;

    private const string FaultName = "fault";
    private const string RightName = "right";

    /// <summary>Makes a message; with neither settings nor fault it asks for the settings.
    /// </summary>
    internal static byte[] Make(
        UserSettings? settings, string? fault = null, byte[]? right = null)
    {
        ArrayBufferWriter<byte> bytes = new();
        bytes.Write(stackalloc byte[sizeof(uint)]);
        using (Utf8JsonWriter json = new(bytes))
        {
            json.WriteStartObject();
            if (right is not null)
            {
                json.WriteBase64String(RightName, right);
            }

            if (fault is not null)
            {
                json.WriteString(FaultName, fault);
            }
            else if (settings is not null)
            {
                json.WriteStartArray("forwards");
                foreach (string address in settings.Forwards)
                {
                    json.WriteStringValue(address);
                }

                json.WriteEndArray();
                json.WriteBoolean("copy", settings.KeepsCopy);
                json.WriteBoolean("away", settings.IsAway);
                json.WriteString("text", settings.AwayText);
            }

            json.WriteEndObject();
        }

        byte[] message = bytes.WrittenSpan.ToArray();
        BinaryPrimitives.WriteUInt32LittleEndian(message, (uint)message.Length - sizeof(uint));
        return message;
    }

    /// <summary>Parses a message without its length.</summary>
    /// <returns>If settings and fault are null, it asks for the settings. The right is empty if the
    /// message has none.</returns>
    /// <exception cref="JsonException">The message is malformed.</exception>
    internal static (UserSettings? Settings, string? Fault, byte[] Right) Parse(
        ReadOnlyMemory<byte> message)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(
                message, new JsonDocumentOptions { MaxDepth = 2 });
            JsonElement root = document.RootElement;
            byte[] right = root.TryGetProperty(RightName, out JsonElement given)
                ? given.GetBytesFromBase64() : [];
            return root.TryGetProperty(FaultName, out JsonElement fault)
                    ? (null, fault.GetString(), right)
                : !root.TryGetProperty("forwards", out JsonElement forwards) ? (null, null, right)
                : (new UserSettings(
                    [.. forwards.EnumerateArray().Select(one => one.GetString() ?? "")],
                    root.GetProperty("copy").GetBoolean(), root.GetProperty("away").GetBoolean(),
                    root.GetProperty("text").GetString()), null, right);
        }
        catch (Exception e) when (
            e is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new JsonException("not a message of settings", e);
        }
    }

    /// <summary>Receives a message, and returns it without its length.</summary>
    /// <returns>Null at the end, or if the message is too long.</returns>
    internal static async Task<byte[]?> ReceiveAsync(Socket socket, CancellationToken stop)
    {
        byte[] head = new byte[sizeof(uint)];
        if (!await LookupFrame.FillAsync(socket, head, stop))
        {
            return null;
        }

        uint length = BinaryPrimitives.ReadUInt32LittleEndian(head);
        byte[] message = new byte[Math.Min(length, BytesMax)];
        return length is > 0 and <= BytesMax && await LookupFrame.FillAsync(socket, message, stop)
            ? message : null;
    }

    /// <summary>Sends a message.</summary>
    internal static ValueTask SendAsync(
        Socket socket, ReadOnlyMemory<byte> message, CancellationToken stop) =>
        LookupFrame.SendAsync(socket, message, stop);
}

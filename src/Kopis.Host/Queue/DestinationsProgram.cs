using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Queue.Commands;

namespace Kopis.Host.Queue;

/// <summary><c>kopis destinations</c>: where remote mail goes, and what is known of it
/// (kopis-destinations(1)).</summary>
public static class DestinationsProgram
{
    private const string Usage = """
        usage: kopis destinations [--json] [NAME]
               kopis destinations pause|resume|retry NAME
               kopis destinations retry --all

        Lists the destinations of remote mail, and holds, lets go on or tries one now; see
        kopis-destinations(1). The home is KOPIS_HOME, or else that of the program's own bin
        directory.

        """;

    private const int FlushCharacters = 16 * 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly string[] Words =
        [.. Enum.GetNames<DestinationState>().Select(name => name.ToLowerInvariant())];

    /// <summary>Runs one command.</summary>
    public static int Run(ProgramContext context)
    {
        string[] words = [.. context.Arguments.Select(word => Encoding.UTF8.GetString(word))];
        return words switch
        {
            ["--help"] or ["-h"] => Say(1, Usage, ExitCode.Success),
            [] => List(context, null, isJson: false),
            ["--json"] => List(context, null, isJson: true),
            ["--json", string name] => List(context, name, isJson: true),
            ["pause", string name] => Change(context, QueueVerb.PauseDestination, name),
            ["resume", string name] => Change(context, QueueVerb.ResumeDestination, name),
            ["retry", "--all"] => Change(context, QueueVerb.RetryDestination, null),
            ["retry", string name] => Change(context, QueueVerb.RetryDestination, name),
            [string name] when !name.StartsWith('-') => List(context, name, isJson: false),
            _ => Say(2, Usage, ExitCode.Permanent),
        };
    }

    private static int List(ProgramContext context, string? name, bool isJson)
    {
        // Fifty thousand lines make no garbage but the destinations themselves.
        StringBuilder text = new(2 * FlushCharacters);
        byte[] bytes = [];
        int count = 0;
        void Flush(int from)
        {
            if (text.Length < from)
            {
                return;
            }

            foreach (ReadOnlyMemory<char> chunk in text.GetChunks())
            {
                bytes = bytes.Length < chunk.Length ? new byte[chunk.Length] : bytes;
                Fd.WriteAll(1, bytes.AsSpan(0, Encoding.Latin1.GetBytes(chunk.Span, bytes)));
            }

            text.Clear();
        }

        _ = Ask(context, QueueVerb.Destinations, name, (kind, content) =>
        {
            if (kind == QueueFrame.Destination
                && ListedDestination.Parse(content.Span) is { } destination)
            {
                count++;
                if (isJson)
                {
                    text.Append(Json(destination));
                }
                else
                {
                    AddLine(text, destination);
                }

                Flush(FlushCharacters);
            }
        });
        Flush(0);
        return count > 0 || name is null ? ExitCode.Success
            : throw new ConfigurationException(
                $"qmail-send knows no destination {name}", ExitCode.Permanent);
    }

    private static int Change(ProgramContext context, QueueVerb verb, string? name)
    {
        QueueCounts counts = Ask(context, verb, name, (_, _) => { });
        return counts.Recipients > 0 || name is null
            ? Say(1, $"{counts.Recipients} destinations\n", ExitCode.Success)
            : counts.Failed > 0 ? throw new ConfigurationException(
                "too many destinations are paused that have no mail", ExitCode.Permanent)
            : throw new ConfigurationException(
                $"qmail-send knows no destination {name}", ExitCode.Permanent);
    }

    private static QueueCounts Ask(
        ProgramContext context, QueueVerb verb, string? name,
        Action<byte, ReadOnlyMemory<byte>> onAnswer)
    {
        QueueVerbs.GoOnAsOwner(context);
        using QueueCommandConnection send =
            QueueCommandConnection.TryConnect(context.Home, Patience)
            ?? throw new ConfigurationException("no qmail-send runs", ExitCode.Permanent);
        QueueCounts counts = default;
        send.Ask(
            new QueueRequest(verb, new QueueSelection
            {
                Destination = name is null ? null : Encoding.UTF8.GetBytes(name),
            })
            {
                AskedBy = QueueVerbs.AskedBy(context),
            },
            (kind, content) =>
            {
                counts = kind == QueueFrame.End && QueueCounts.Parse(content.Span) is { } end
                    ? end : counts;
                onAnswer(kind, content);
            });
        return counts;
    }

    private static void AddLine(StringBuilder text, ListedDestination one)
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        PrintableText.AddLine(text, one.Name);
        text.Append(culture,
            $": {Word(one.State)}, {one.Running} of {one.Window} running, {one.Waiting} waiting");
        if (one.Rate > 0)
        {
            text.Append(culture, $", rate {one.Rate} in {one.RateMilliseconds / 1000} s");
        }

        if (one.NextTry > 0)
        {
            DateTimeOffset next = DateTimeOffset.FromUnixTimeSeconds(one.NextTry);
            text.Append(culture, $", next try {next:yyyy-MM-dd HH:mm:ss}");
        }

        if (one.Text.Length > 0)
        {
            PrintableText.AddLine(text.Append("\n  "), one.Text);
        }

        text.Append('\n');
    }

    private static string Json(ListedDestination one)
    {
        ArrayBufferWriter<byte> text = new();
        using (Utf8JsonWriter json = new(text))
        {
            json.WriteStartObject();
            json.WriteString("destination", one.Name);
            json.WriteString("state", Word(one.State));
            json.WriteNumber("running", one.Running);
            json.WriteNumber("window", one.Window);
            json.WriteNumber("waiting", one.Waiting);
            if (one.Rate > 0)
            {
                json.WriteNumber("rate", one.Rate);
                json.WriteNumber("rate_seconds", one.RateMilliseconds / 1000);
            }

            if (one.NextTry > 0)
            {
                json.WriteNumber("next_try", one.NextTry);
            }

            json.WriteString("last_report", Encoding.UTF8.GetString(one.Text));
            json.WriteEndObject();
        }

        return string.Create(
            CultureInfo.InvariantCulture, $"{Encoding.UTF8.GetString(text.WrittenSpan)}\n");
    }

    private static string Word(DestinationState state) => Words[(int)state];

    private static int Say(int fd, string text, int code)
    {
        Fd.WriteAll(fd, ByteText.ToBytes(text));
        return code;
    }
}

using System.Globalization;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Queue;

/// <summary>
/// A queue directory of qmail 1.03, netqmail or notqmail, read only. Into how many directories it
/// is split does not matter, nor whether todo is split too, as some patches have it.
/// </summary>
internal sealed class QmailQueue(string directory)
{
    private readonly Dictionary<ulong, string> _mess = Index(directory, "mess");
    private readonly Dictionary<ulong, string> _local = Index(directory, "local");
    private readonly Dictionary<ulong, string> _remote = Index(directory, "remote");
    private readonly Dictionary<ulong, string> _info = Index(directory, "info");
    private readonly Dictionary<ulong, string> _todo = Index(directory, "todo");
    private readonly Dictionary<ulong, string> _bounce = Index(directory, "bounce");

    /// <summary>The messages that were accepted: those in todo, and those in info. Older ones
    /// first.</summary>
    internal IReadOnlyList<ulong> Numbers =>
        [.. _todo.Keys.Union(_info.Keys).OrderBy(number =>
            File.GetLastWriteTimeUtc(_todo.GetValueOrDefault(number) ?? _info[number]))
            .ThenBy(number => number)];

    /// <summary>Texts that were never accepted, or are finished: qmail-clean would remove them.
    /// </summary>
    internal int Leftovers =>
        _mess.Keys.Count(number => !_todo.ContainsKey(number) && !_info.ContainsKey(number));

    /// <summary>Whether a directory looks like qmail's, at all.</summary>
    internal static bool IsOne(string directory) =>
        Directory.Exists(Path.Combine(directory, "info"))
        && Directory.Exists(Path.Combine(directory, "mess"))
        && Directory.Exists(Path.Combine(directory, "todo"));

    /// <summary>Reads one.</summary>
    /// <exception cref="InvalidDataException">Its files are damaged; says which.</exception>
    internal QmailMessage Read(ulong number)
    {
        if (!_mess.TryGetValue(number, out string? mess))
        {
            throw new InvalidDataException("there is no text in mess");
        }

        // With todo there, qmail-send would begin anew whatever else is there (contract §4, S4).
        bool isNew = _todo.TryGetValue(number, out string? first);
        first ??= _info[number];
        byte[] sender;
        List<byte[]> unrouted = [];
        List<byte[]> local = [];
        List<byte[]> remote = [];
        if (isNew)
        {
            (sender, unrouted) = Parse(first, "todo", content => QmailRecords.Todo(content));
        }
        else
        {
            sender = Parse(first, "info", content => QmailRecords.Sender(content));
            local = Left(_local, number, "local");
            remote = Left(_remote, number, "remote");
        }

        return new QmailMessage
        {
            Number = number,
            MessPath = mess,
            BouncePath = isNew ? null : _bounce.GetValueOrDefault(number),
            Born = File.GetLastWriteTimeUtc(first),
            Sender = sender,
            Unrouted = unrouted,
            Local = local,
            Remote = remote,
        };
    }

    private static List<byte[]> Left(
        Dictionary<ulong, string> channel, ulong number, string what) =>
        channel.TryGetValue(number, out string? path)
            ? Parse(path, what, content => QmailRecords.ToDo(content))
            : [];

    private static T Parse<T>(string path, string what, Func<byte[], T> parse)
    {
        try
        {
            return parse(File.ReadAllBytes(path));
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{what}: {e.Message}", e);
        }
    }

    /// <summary>The files with a number for a name, in the directory or one step below.</summary>
    private static Dictionary<ulong, string> Index(string directory, string name)
    {
        Dictionary<ulong, string> files = [];
        string path = Path.Combine(directory, name);
        if (!Directory.Exists(path))
        {
            return files;
        }

        IEnumerable<string> splits = Directory.EnumerateDirectories(path).Where(IsNumber);
        foreach (string file in
            ((string[])[path, .. splits]).SelectMany(Directory.EnumerateFiles))
        {
            if (MessageNumber.TryParse(
                ByteText.ToBytes(Path.GetFileName(file)), out ulong number))
            {
                files[number] = file;
            }
        }

        return files;
    }

    private static bool IsNumber(string path) => uint.TryParse(
        Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out _);
}

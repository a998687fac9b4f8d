using Kopis.Base;
using Kopis.Mail.Addresses;

namespace Kopis.Tools.Forwarding;

/// <summary>Converts sendmail's /etc/aliases and :include: files into the formats of fastforward.
/// </summary>
internal static class AliasCompiler
{
    private const int FaultsShownMax = 20;

    private static ReadOnlySpan<byte> Owner => "owner-"u8;

    /// <summary>The target that discards mail. fastforward takes it for a list of addresses, which
    /// has none.</summary>
    internal static ReadOnlySpan<byte> Nowhere => "/dev/null"u8;

    /// <summary>newaliases: a line has an alias and its targets; a line that begins with a blank
    /// continues it.</summary>
    /// <param name="text">The content of the file.</param>
    /// <param name="defaults">What completes addresses.</param>
    /// <param name="onAlias">Called with each alias and the number of its line.</param>
    /// <exception cref="ConfigurationException">Lines cannot be parsed: the message names each,
    /// with its number and alias.</exception>
    internal static byte[] Aliases(
        ReadOnlySpan<byte> text, AddressDefaults defaults, Action<ForwardTarget, int>? onAlias)
    {
        RefuseNul(text);
        ForwardTable table = new();
        List<string> faults = [];
        foreach ((int number, byte[] line) in Continued(text))
        {
            string where = $"line {number}: ";
            try
            {
                IReadOnlyList<ForwardTarget> targets =
                    ForwardLine.Parse(line) ?? throw Unclear(line);
                if (targets.Count > 0)
                {
                    where += $"{LogText.Safe(NameOf(targets[0]))}: ";
                    AddAlias(line, targets, defaults, table);
                    onAlias?.Invoke(targets[0], number);
                }
            }
            catch (ConfigurationException e)
            {
                faults.Add(where + e.Message);
            }
        }

        return faults.Count == 0 ? table.ToArray() : throw Faulty(faults);
    }

    /// <summary>newinclude: a line has any number of targets.</summary>
    /// <exception cref="ConfigurationException">A line cannot be parsed.</exception>
    internal static byte[] Include(ReadOnlySpan<byte> text, AddressDefaults defaults)
    {
        RefuseNul(text);
        List<byte> list = [];
        List<string> faults = [];
        int number = 0;
        foreach (Range range in text.Split((byte)'\n'))
        {
            number++;
            try
            {
                AddEntries(text[range].TrimEnd((byte)'\r'), defaults, list);
            }
            catch (ConfigurationException e)
            {
                faults.Add($"line {number}: {e.Message}");
            }
        }

        return faults.Count == 0 ? [.. list] : throw Faulty(faults);
    }

    private static void AddEntries(
        ReadOnlySpan<byte> line, AddressDefaults defaults, List<byte> list)
    {
        if (line.StartsWith("#"u8))
        {
            return;
        }

        foreach (ForwardTarget target in ForwardLine.Parse(line) ?? throw Unclear(line))
        {
            list.AddRange(target.Kind != ForwardTargetKind.Program
                ? Command(target, defaults)
                : throw new ConfigurationException(
                    $"program delivery |{RawText.Of(target.Text)} not supported"));
            list.Add(0);
        }
    }

    private static byte[] NameOf(ForwardTarget alias) => alias.Host is { } host
        ? [.. alias.Text, (byte)'@', .. host]
        : alias.Text;

    private static ConfigurationException Faulty(List<string> faults) => new(string.Join(
        "; ",
        faults.Count <= FaultsShownMax ? faults
            : [.. faults.Take(FaultsShownMax), $"and {faults.Count - FaultsShownMax} more"]));

    private static void AddAlias(
        ReadOnlySpan<byte> line, IReadOnlyList<ForwardTarget> targets, AddressDefaults defaults,
        ForwardTable table)
    {
        ForwardTarget alias = targets[0];
        bool named = alias.Text.Length > 0 || alias.Host is { Length: > 0 };
        if (alias.Kind != ForwardTargetKind.Address || targets.Count < 2 || !named
            || alias.Host is { Length: 0 })
        {
            throw Unclear(line);
        }

        byte[] host = alias.Host ?? []; // A name alone is for all hosts.
        if (alias.Text.Length > Owner.Length
            && Ascii8.StartsWithIgnoreCase(alias.Text, Owner))
        {
            table.AddOwner(
                [.. alias.Text.AsSpan(Owner.Length), (byte)'@', .. host],
                alias.Complete(defaults));
        }

        // From the last to the first, as in fastforward's own newaliases.
        table.AddCommands(
            [.. alias.Text, (byte)'@', .. host],
            targets.Skip(1).Reverse().Select(target => Command(target, defaults)));
    }

    private static byte[] Command(ForwardTarget target, AddressDefaults defaults)
    {
        switch (target.Kind)
        {
            case ForwardTargetKind.Program:
                return [(byte)'!', .. target.Text];
            case ForwardTargetKind.File or ForwardTargetKind.Include
                when target.Text.AsSpan().SequenceEqual(Nowhere):
                return Nowhere.ToArray();
            case ForwardTargetKind.Include when target.Text.Length > 0:
                bool hasPath = target.Text[0] is (byte)'/' or (byte)'.';
                return [.. hasPath ? ""u8 : "./"u8, .. target.Text, .. ".bin"u8];
            case ForwardTargetKind.Include:
                throw new ConfigurationException("empty :include: filenames not permitted");
            case ForwardTargetKind.File:
                throw new ConfigurationException(
                    $"file delivery {RawText.Of(target.Text)} not supported");
        }

        if (target.Text.Length == 0)
        {
            throw new ConfigurationException("empty recipient addresses not permitted");
        }

        byte[] address = target.Complete(defaults);
        return address.Length <= ForwardTable.AddressBytesMax
            ? [(byte)'&', .. address]
            : throw new ConfigurationException("addresses over 800 bytes are not permitted");
    }

    /// <summary>The lines, joined with their continuations, without comments.</summary>
    private static List<(int Number, byte[] Line)> Continued(ReadOnlySpan<byte> text)
    {
        List<(int Number, byte[] Line)> lines = [];
        int number = 0;
        foreach (Range range in text.Split((byte)'\n'))
        {
            number++;
            ReadOnlySpan<byte> line = text[range].TrimEnd((byte)'\r');
            bool continues = line.IsEmpty || line[0] is (byte)' ' or (byte)'\t';
            if (continues && lines.Count > 0)
            {
                lines[^1] = (lines[^1].Number, [.. lines[^1].Line, (byte)'\n', .. line]);
            }
            else
            {
                lines.Add((number, line.ToArray()));
            }
        }

        lines.RemoveAll(line => line.Line is [(byte)'#', ..]);
        return lines;
    }

    private static void RefuseNul(ReadOnlySpan<byte> text)
    {
        if (text.Contains((byte)0))
        {
            throw new ConfigurationException("NUL bytes are not permitted");
        }
    }

    private static ConfigurationException Unclear(ReadOnlySpan<byte> line) =>
        new($"unable to parse this line: {RawText.Of(line.TrimEnd("\n"u8))}");
}

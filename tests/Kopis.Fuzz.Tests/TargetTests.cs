using CsCheck;

namespace Kopis.Fuzz.Tests;

/// <summary>Each target with its corpus, with inputs that once broke it, and with random ones made
/// of pieces of these; tests/fuzz looks further.</summary>
public sealed class TargetTests
{
    private const int RandomInputs = 300;
    private static readonly string Corpus = FindCorpus();

    public static TheoryData<string> Names => [.. TargetTable.All
        .Select(target => target.Name).Where(name => name != TargetTable.Planted)];

    [Theory, MemberData(nameof(Names))]
    public void The_corpus_holds(string name)
    {
        FuzzTarget target = TargetTable.Find(name);
        string[] files = Directory.GetFiles(Path.Combine(Corpus, name));
        Assert.NotEmpty(files);
        foreach (string file in files)
        {
            Exception? failure = Record.Exception(() => target.Run(File.ReadAllBytes(file)));
            Assert.True(failure is null, $"{file}: {failure}");
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Random_bytes_hold(string name)
    {
        FuzzTarget target = TargetTable.Find(name);
        byte[][] seeds = [.. Directory.GetFiles(Path.Combine(Corpus, name))
            .Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
        int count = name is "dns-answer" or "intake" ? RandomInputs / 10 : RandomInputs;
        Mutated(seeds).Sample(target.Run, iter: count, threads: 1);
    }

    [Fact]
    public void Every_corpus_has_a_target() => Assert.Equal(
        TargetTable.All.Select(target => target.Name).Order(StringComparer.Ordinal),
        Directory.GetDirectories(Corpus).Select(Path.GetFileName).Order(StringComparer.Ordinal));

    [Fact]
    public void The_planted_bug_is_there() => Assert.Throws<IndexOutOfRangeException>(
        () => TargetTable.Find(TargetTable.Planted).Run("KOP:9x"u8.ToArray()));

    // Cuts of two seeds, with random bytes between.
    private static Gen<byte[]> Mutated(byte[][] seeds) =>
        from left in OneOf(seeds)
        from right in OneOf(seeds)
        from keep in Gen.Int[0, left.Length]
        from skip in Gen.Int[0, right.Length]
        from middle in Gen.OneOf(
            Gen.Byte.Array[0, 12],
            OneOf("\0\r\n.:<>@\"\\ \t-/K,;()%"u8.ToArray()).Array[0, 12])
        select (byte[])[.. left[..keep], .. middle, .. right[skip..]];

    private static Gen<T> OneOf<T>(T[] choices) =>
        Gen.Int[0, choices.Length - 1].Select(index => choices[index]);

    private static string FindCorpus()
    {
        string? directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(Path.Combine(directory, "Kopis.slnx")))
        {
            directory = Path.GetDirectoryName(directory);
        }

        return Path.Combine(directory!, "tests", "Kopis.Fuzz", "corpus");
    }
}

namespace Kopis.Base.Tests;

/// <summary>The source tree that the tests were built in.</summary>
internal static class Repository
{
    /// <summary>Where Kopis.slnx is.</summary>
    internal static string Root { get; } = Find();

    private static string Find()
    {
        string? directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(Path.Combine(directory, "Kopis.slnx")))
        {
            directory = Path.GetDirectoryName(directory);
        }

        return directory ?? throw new DirectoryNotFoundException("No Kopis.slnx above the tests.");
    }
}

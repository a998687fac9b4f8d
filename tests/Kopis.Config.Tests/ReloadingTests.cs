using Kopis.Base;

namespace Kopis.Config.Tests;

public sealed class ReloadingTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("kopis-control");
    private readonly SteppedTime _time = new();
    private int _loads;

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void A_changed_file_makes_the_value_again_and_an_unchanged_one_does_not()
    {
        Reloading<string> value = Make();
        Assert.Equal("", value.Current());
        Write("me", "one");
        Assert.Equal("one", Later(value));
        Assert.Equal("one", Later(value));
        Assert.Equal(2, _loads);
        Write("other", "");
        Assert.Equal("one", Later(value));
        Assert.Equal(3, _loads);
        File.Delete(In("me"));
        Assert.Equal("", Later(value));
    }

    [Fact]
    public void The_files_are_looked_at_ten_times_a_second_at_most()
    {
        Reloading<string> value = Make();
        Assert.Equal("", value.Current());
        Write("me", "one");
        _time.Pass(TimeSpan.FromMilliseconds(99));
        Assert.Equal("", value.Current());
        _time.Pass(TimeSpan.FromMilliseconds(1));
        Assert.Equal("one", value.Current());
    }

    [Fact]
    public void A_value_that_could_not_be_made_is_asked_for_again_at_once()
    {
        Write("me", "bad");
        Reloading<string> value = Make();
        Assert.Throws<ConfigurationException>(value.Current);
        Assert.Throws<ConfigurationException>(value.Current);
        Write("me", "good");
        Assert.Equal("good", value.Current());
        Write("me", "bad");
        Assert.Throws<ConfigurationException>(() => Later(value));
    }

    private Reloading<string> Make() => new([In("me"), In("other")], Load, _time);

    private string Load()
    {
        _loads++;
        string text = File.Exists(In("me")) ? File.ReadAllText(In("me")) : "";
        return text != "bad" ? text : throw new ConfigurationException("bad");
    }

    private string Later(Reloading<string> value)
    {
        _time.Pass(TimeSpan.FromMilliseconds(100));
        return value.Current();
    }

    private string In(string name) => Path.Combine(_directory.FullName, name);

    private void Write(string name, string text) => File.WriteAllText(In(name), text);

    private sealed class SteppedTime : TimeProvider
    {
        private TimeSpan _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now.Ticks;

        internal void Pass(TimeSpan span) => _now += span;
    }
}

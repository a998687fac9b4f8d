namespace Kopis.Host.Backup;

/// <summary>What a name of the home is.</summary>
internal enum BackupKind : byte
{
    Directory,
    File,
    Link,
}
